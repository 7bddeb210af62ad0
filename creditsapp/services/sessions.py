"""Sessions: who one belongs to, and how it ends before its time."""

from datetime import datetime

from sqlalchemy import bindparam, delete, exists, select, update

from creditsapp.extensions import db
from creditsapp.models import EndedSession, User
from creditsapp.services.retrying import retried
from creditsapp.services.transaction import insert_new, now, transaction


def owner(user_id: int, version: int, session_id: str) -> User | None:
    """The user of a session, unless it was ended since or the account may not be used."""
    values = {"user_id": user_id, "version": version, "session_id": session_id}
    found: User | None = db.session.scalar(_OWNER, values)
    return found


# Made once: every request of a signed-in user runs it, and to write it costs about as much.
_OWNER = select(User).where(
    User.id == bindparam("user_id"),
    User.session_version == bindparam("version"),
    User.disabled_at.is_(None),
    User.erased_at.is_(None),
    ~exists().where(EndedSession.id == bindparam("session_id")),
)


@retried
def end(session_id: str, forget_at: datetime) -> None:
    """End one session; `forget_at` is when its cookie would be too old anyway."""
    with transaction() as session:
        insert_new(session, EndedSession, id=session_id, forget_at=forget_at)


@retried
def end_all(user_id: int) -> None:
    """End every session of a user."""
    with transaction() as session:
        session.execute(
            update(User)
            .where(User.id == user_id)
            .values(session_version=User.session_version + 1)
            .execution_options(synchronize_session=False)
        )


@retried
def forget_old() -> int:
    """Drop what no cookie can name any more; return how many."""
    with transaction() as session:
        gone = delete(EndedSession).where(EndedSession.forget_at <= now())
        return len(session.scalars(gone.returning(EndedSession.id)).all())
