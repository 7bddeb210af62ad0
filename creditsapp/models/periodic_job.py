"""The workers' common clock."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from creditsapp.models.base import Base


class PeriodicJob(Base):
    """When a job is due next, whichever worker takes it."""

    __tablename__ = "periodic_jobs"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    due_at: Mapped[datetime]
