"""Who had welcome credits, longer than any account lives."""

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base


class WelcomeBonus(Base):
    """A person who had welcome credits: a slow hash of the mailbox, so that no address is kept."""

    __tablename__ = "welcome_bonuses"

    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime]


class WelcomeNetwork(Base):
    """How often a network of addresses was given welcome credits on a day."""

    __tablename__ = "welcome_networks"

    network: Mapped[str] = mapped_column(String(49), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    given: Mapped[int]
