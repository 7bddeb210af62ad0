"""The declarative base: named constraints, so that services can tell refusals apart."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase

from creditsapp.models.types import CreditAmount, UtcDateTime

BigId = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER keys count up on SQLite


class Base(DeclarativeBase):
    """All tables, with a name for every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        Decimal: CreditAmount,
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
    }
