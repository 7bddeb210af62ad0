"""What entries are called for people; what somebody typed is shown as it is."""

from flask_babel import lazy_gettext

from creditsapp.credits import bp
from creditsapp.formatting import dollars
from creditsapp.models import LedgerEntry
from creditsapp.services.ledger import GIVEN_BACK
from creditsapp.studio.operations import OPERATIONS
from creditsapp.translation import gettext as _

KINDS = {
    "usage": lazy_gettext("Used"),
    "purchase": lazy_gettext("Purchase"),
    "bonus": lazy_gettext("Bonus"),
    "initial": lazy_gettext("Welcome credits"),
    "refund": lazy_gettext("Refund"),
    "dispute": lazy_gettext("Dispute"),
    "adjustment": lazy_gettext("Correction"),
}


@bp.app_template_filter()
def operation_title(name: str) -> str:
    """An operation's title; of one that is not sold here, its name as words."""
    known = OPERATIONS.get(name)
    return _(known.title) if known else name.replace("_", " ").capitalize()


@bp.app_template_filter()
def entry_name(entry: LedgerEntry) -> str:
    """What an entry was for."""
    return operation_title(entry.operation) if entry.operation else str(KINDS[entry.type])


@bp.app_template_filter()
def entry_description(entry: LedgerEntry, bought_for: int | None) -> str:
    """What an entry says of itself; what the system wrote, it says in the reader's language."""
    if entry.payment_id and entry.type in ("refund", "dispute"):
        return _reversal(entry)
    if entry.type == "purchase" and bought_for:
        return _("Bought for %(dollars)s", dollars=dollars(bought_for))
    if entry.type == "initial":
        return ""
    if entry.refunded_number and entry.description == GIVEN_BACK:
        return _("Given back")
    return entry.description


def _reversal(entry: LedgerEntry) -> str:
    if entry.type == "dispute":
        if entry.amount > 0:
            return _("Restored: the money is no longer disputed")
        return _("Taken back: the payment is disputed")
    if entry.amount > 0:
        return _("Restored: the refund did not go through")
    return _("Taken back: the payment was refunded")
