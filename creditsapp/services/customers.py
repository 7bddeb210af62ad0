"""Who a user is at Dodo: made at the first purchase, or learned from its payment."""

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from creditsapp.extensions import db
from creditsapp.models import Wallet
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import transaction, violates


def customer_id(user_id: int) -> str | None:
    """Dodo's id of a user, once there is one."""
    return db.session.scalar(select(Wallet.dodo_customer_id).where(Wallet.user_id == user_id))


@retried
def remember_customer(user_id: int, dodo_customer_id: str) -> None:
    """Keep Dodo's id of a user, unless there is one or it is another user's."""
    with transaction() as session:
        _remember_customer(session, user_id, dodo_customer_id)


def _remember_customer(session: Session, user_id: int, dodo_customer_id: str) -> None:
    try:
        with session.begin_nested():
            session.execute(
                update(Wallet)
                .where(Wallet.user_id == user_id, Wallet.dodo_customer_id.is_(None))
                .values(dodo_customer_id=dodo_customer_id)
                .execution_options(synchronize_session=False)
            )
    except IntegrityError as error:
        if not violates(error, "uq_wallets_dodo_customer_id"):
            raise
