"""Refusals in the domain's own words; each leaves everything as it was."""

from decimal import Decimal
from typing import Any

from creditsapp.formatting import credit_count
from creditsapp.models.types import added, exact
from creditsapp.translation import gettext as _


class ServiceError(Exception):
    """A refusal, with its code in the JSON interface, its HTTP status, and words for people."""

    code = "refused"
    status = 400
    retry_after = 5  # seconds, where the status is 503

    def fields(self) -> dict[str, Any]:
        """What the JSON error carries beside code and message."""
        return {}


class InsufficientCredits(ServiceError):
    """The wallet has fewer credits available than the act needs."""

    code = "insufficient_credits"
    status = 402

    def __init__(self, required: Decimal, balance: Decimal, available: Decimal) -> None:
        self.required, self.balance, self.available = required, balance, available
        self.missing = added(required, available.copy_negate())
        super().__init__(
            _(
                "This needs %(required)s. Available: %(available)s. Missing: %(missing)s."
                " Nothing was charged.",
                required=credit_count(required),
                available=credit_count(available),
                missing=credit_count(self.missing),
            )
        )

    def fields(self) -> dict[str, Any]:
        return {
            "required": exact(self.required),
            "balance": exact(self.balance),
            "available": exact(self.available),
            "missing": exact(self.missing),
        }


class WalletNotFound(ServiceError):
    """No wallet belongs to this user id."""

    code = "not_found"
    status = 404


class HoldNotFound(ServiceError):
    """The user has no hold with this id."""

    code = "not_found"
    status = 404


class HoldClosed(ServiceError):
    """The hold was captured, released or expired already."""

    code = "hold_closed"
    status = 409


class CaptureTooLarge(ServiceError):
    """A capture asks for more than was held."""

    code = "capture_too_large"
    status = 422


class RefundTooLarge(ServiceError):
    """More would be given back than a usage took."""

    code = "refund_too_large"
    status = 422


class IdempotencyConflict(ServiceError):
    """The key was used before, for something else."""

    code = "idempotency_conflict"
    status = 422


class OperationInProgress(ServiceError):
    """The same key is still at work."""

    code = "operation_in_progress"
    status = 409


class PurchaseNotFound(ServiceError):
    """The user has no purchase with this id."""

    code = "not_found"
    status = 404


class CustomerNotFound(ServiceError):
    """The user is no customer of Dodo yet."""

    code = "not_found"
    status = 404


class PaymentNotFound(ServiceError):
    """No payment has this id, nor does an order that has one."""

    code = "not_found"
    status = 404


class NothingToDecide(ServiceError):
    """The payment does not wait for a person, or cannot be decided like this."""

    code = "nothing_to_decide"
    status = 409


class InvalidDollars(ServiceError):
    """A purchase is for a whole number of dollars in the allowed range."""

    code = "invalid_amount"


class ProviderUnavailable(ServiceError):
    """Dodo did not answer, or not usefully."""

    code = "provider_unavailable"
    status = 503
    retry_after = 30


class TryAgainLater(ServiceError):
    """The database would not take the work now; nothing was changed."""

    code = "try_again"
    status = 503


class OutcomeUnknown(ServiceError):
    """The connection broke in the commit: it may stand or not, and the same key tells which."""

    code = "outcome_unknown"
    status = 503
