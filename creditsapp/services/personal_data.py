"""Everything that is kept about a person, table by table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, ScalarSelect, Select, and_, inspect, or_, select

from creditsapp.extensions import db
from creditsapp.models import (
    AccountLink,
    Creation,
    GrantRequest,
    Hold,
    LedgerEntry,
    Mail,
    OperatorAction,
    Payment,
    PaymentDispute,
    PaymentRefund,
    Purchase,
    RefundRequest,
    Registration,
    User,
    Wallet,
    WebhookEvent,
    WelcomeBonus,
)
from creditsapp.models.base import Base
from creditsapp.services.transaction import snapshot
from creditsapp.services.welcome import person

SECRETS = ("password_hash", "session_version")  # of no use but to break in
OPERATORS = ("actor",)


@dataclass(frozen=True)
class Part:
    """The rows of one table that concern a person; some are for operators only."""

    name: str
    table: type[Base]
    concerns: Callable[[int], ColumnElement[bool]]
    for_operators: bool = False


def rows_about(user_id: int, *, to_operators: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each part, and row by row what is in it, as it all stands at one moment.

    A person gets neither the names of operators nor what these noted for each other.
    """
    left_out = SECRETS if to_operators else (*SECRETS, *OPERATORS)
    parts = [part for part in PARTS if to_operators or not part.for_operators]
    conditions = [part.concerns(user_id) for part in parts]  # they read by the session's connection
    with snapshot(at_length=to_operators) as connection:
        for part, condition in zip(parts, conditions, strict=True):
            columns = [each for each in part.table.__table__.columns if each.name not in left_out]
            large = any(isinstance(each.type, LargeBinary) for each in columns)
            query = select(*columns).where(condition)
            found = connection.execute(
                query.order_by(*inspect(part.table).primary_key),
                execution_options={"yield_per": 4 if large else 500},
            )
            for row in found.mappings():
                yield part.name, dict(row)


def subjects_of(user_id: int) -> set[str]:
    """What lines of the audit trail may be about, where they concern a person."""
    ids = [*db.session.scalars(_payments(user_id)), *db.session.scalars(_webhooks(user_id))]
    return {f"user {user_id}", *ids}


def _orders(user_id: int) -> Select[str]:
    return select(Purchase.id).where(Purchase.user_id == user_id)


def _payments(user_id: int) -> Select[str]:
    """Those of the person's orders, and what else this customer of Dodo's has paid."""
    customer = select(Wallet.dodo_customer_id).where(Wallet.user_id == user_id).scalar_subquery()
    return select(Payment.id).where(
        or_(Payment.purchase_id.in_(_orders(user_id)), Payment.customer_id == customer)
    )


def _webhooks(user_id: int) -> Select[str]:
    return select(WebhookEvent.id).where(WebhookEvent.payment_id.in_(_payments(user_id)))


def _address(user_id: int) -> ScalarSelect[str]:
    return select(User.email).where(User.id == user_id).scalar_subquery()


def _links(user_id: int) -> Select[str]:
    """Those of the account, and those that were sent to its address for another."""
    strangers = and_(AccountLink.user_id.is_(None), AccountLink.email == _address(user_id))
    return select(AccountLink.id).where(or_(AccountLink.user_id == user_id, strangers))


def _mails(user_id: int) -> ColumnElement[bool]:
    strangers = and_(Mail.user_id.is_(None), Mail.recipient == _address(user_id))
    return or_(Mail.user_id == user_id, strangers)


def _had_welcome(user_id: int) -> ColumnElement[bool]:
    address = db.session.scalar(select(User.email).where(User.id == user_id))
    return WelcomeBonus.person == person(address or "")


def _of_user(table: Any) -> Callable[[int], ColumnElement[bool]]:
    return lambda user_id: table.user_id == user_id


def _of_payments(table: Any) -> Callable[[int], ColumnElement[bool]]:
    return lambda user_id: table.payment_id.in_(_payments(user_id))


PARTS = (
    Part("account", User, lambda user_id: User.id == user_id),
    Part("accountLinks", AccountLink, lambda user_id: AccountLink.id.in_(_links(user_id))),
    Part("registrations", Registration, lambda user_id: Registration.link_id.in_(_links(user_id))),
    Part("welcomeBonus", WelcomeBonus, _had_welcome),
    Part("mails", Mail, _mails),
    Part("wallet", Wallet, _of_user(Wallet)),
    Part("ledger", LedgerEntry, _of_user(LedgerEntry)),
    Part("holds", Hold, _of_user(Hold)),
    Part("purchases", Purchase, _of_user(Purchase)),
    Part("payments", Payment, lambda user_id: Payment.id.in_(_payments(user_id))),
    Part("refunds", PaymentRefund, _of_payments(PaymentRefund)),
    Part("disputes", PaymentDispute, _of_payments(PaymentDispute)),
    Part("refundRequests", RefundRequest, _of_payments(RefundRequest)),
    Part("webhooks", WebhookEvent, _of_payments(WebhookEvent)),
    Part("creations", Creation, _of_user(Creation)),
    Part("grantRequests", GrantRequest, _of_user(GrantRequest), for_operators=True),
    Part(
        "operatorActions",
        OperatorAction,
        lambda user_id: or_(
            OperatorAction.subject == f"user {user_id}",
            OperatorAction.subject.in_(_payments(user_id)),
            OperatorAction.subject.in_(_webhooks(user_id)),
        ),
        for_operators=True,
    ),
)
