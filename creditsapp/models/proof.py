"""What came of each proof of the ledger."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base, BigId


class Proof(Base):
    """One run of `flask credits verify` to its end: what was looked at, and how much was wrong."""

    __tablename__ = "proofs"
    __table_args__ = (CheckConstraint("problems >= 0", "problems_not_negative"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    finished_at: Mapped[datetime]
    wallets: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int] = mapped_column(BigInteger)
    problems: Mapped[int] = mapped_column(BigInteger)
