"""A database with something in every table."""

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import exists, insert, select

from creditsapp.extensions import db
from creditsapp.models import (
    AccountLink,
    EndedSession,
    OperatorAction,
    PeriodicJob,
    RefundRequest,
    Registration,
    WelcomeNetwork,
)
from creditsapp.models.base import Base
from creditsapp.services import creations, grants, holds, ledger
from creditsapp.services.audit import Decision
from creditsapp.services.transaction import transaction
from tests.builders import (
    dispute_event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    settle,
    spend,
)

ODD = "ünïcode 😀 \t \r\n \\N \\. \"quoted\" 'x'"
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
LINK = "00000000-0000-4000-8000-000000000001"
SOME = {int: 1, str: "x", datetime: AT, date: AT.date(), bytes: b"x", dict: {}, bool: True}


def something(column):
    """A value for a column of any table."""
    return SOME[getattr(column.type, "impl_instance", column.type).python_type]


def fill():
    """Put something into every table."""
    user = make_user(50)
    settle(payment_event(make_purchase(user)))
    settle(refund_event())
    settle(dispute_event())
    settle(dispute_event("won"))
    spent = spend(user, Decimal("1.2345"), description=ODD, details={"n": 2**60, "f": [0.1, None]})
    ledger.refund_usage(spent, 1)
    holds.hold(user, 1, operation="test", key="open")
    held = holds.hold(user, 1, operation="test").id
    every_byte = bytes(range(256)) * 9
    creations.keep(
        user,
        held,
        operation="test",
        title=ODD,
        media_type="x/x",
        extension="x",
        content=every_byte,
    )
    grants.give(user, Decimal(500), "bonus", Decision("alice@here", ODD), above=Decimal(100))
    with transaction() as session:
        session.add_all(
            [
                AccountLink(
                    id=LINK,
                    user_id=user,
                    purpose="reset",
                    email="x@x",
                    created_at=AT,
                    expires_at=AT,
                ),
                EndedSession(id="x", forget_at=AT),
                OperatorAction(
                    id=LINK,
                    actor="alice@here",
                    command="x",
                    subject="x",
                    reason=ODD,
                    details={"x": ODD},
                    created_at=AT,
                ),
                PeriodicJob(name="x", due_at=AT),
                RefundRequest(
                    id=LINK, payment_id="pay_1", status="taken", created_at=AT, updated_at=AT
                ),
                WelcomeNetwork(network="127.0.0.0/24", day=AT.date(), given=1),
            ]
        )
        session.flush()
        session.add(Registration(link_id=LINK, name=ODD, password_hash="x", language="en"))
        session.flush()
        for table in Base.metadata.sorted_tables:  # those that came later
            if not session.scalar(select(exists(select(table)))):
                required = [column for column in table.columns if not column.nullable]
                session.execute(insert(table), {each.name: something(each) for each in required})
    db.session.remove()
