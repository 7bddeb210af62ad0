"""What may come of a call to Dodo, told apart as far as it matters."""

import math

from creditsapp.services.errors import ProviderUnavailable, ServiceError
from creditsapp.translation import gettext as _
from creditsapp.translation import gettext_noop as N_

_WORDS = N_(
    "The payment provider does not answer just now. Nothing was charged,"
    " and your credits are as they were. Please try again in a few minutes."
)


class DodoFailed(ProviderUnavailable):
    """No useful answer came; `detail` says why, for operators.

    `alive` is what that says about Dodo, if anything; `passes_in` is how many seconds later it may
    be asked again.
    """

    alive: bool | None = False

    def __init__(self, detail: str, *, passes_in: float | None = None) -> None:
        self.detail, self.passes_in = detail, passes_in
        if passes_in:
            self.retry_after = math.ceil(passes_in)
        super().__init__(_(_WORDS))


class NotSent(DodoFailed):
    """No connection came about, so nothing can have been done."""


class NotAsked(NotSent):
    """Dodo was not even tried."""

    alive = None


class Declined(DodoFailed):
    """Dodo answered that it will not, with its own code and words."""

    alive = True

    def __init__(
        self, status: int, provider_code: str, message: str, *, passes_in: float | None = None
    ) -> None:
        self.http_status, self.provider_code, self.message = status, provider_code, message
        said = f"{provider_code}: {message}" if message else provider_code
        super().__init__(f"it answered {status} {said}", passes_in=passes_in)


class NotKnown(Declined):
    """Dodo knows nothing by this id, as when the account behind the key was changed."""


class KeyRefused(Declined):
    """Dodo does not accept the API key, or not for this."""


class TooMany(Declined):
    """Dodo was asked too often."""

    alive = False


class RefundRefused(ServiceError):
    """A refund that Dodo certainly did not make."""

    code = "refund_refused"
    status = 409

    def __init__(self, provider_code: str, message: str) -> None:
        self.provider_code, self.message = provider_code, message
        super().__init__(f"The payment provider did not refund: {message} ({provider_code})")


class RefundUnknown(ServiceError):
    """A refund that Dodo may have made or not: its answer was lost, or made no sense."""

    code = "refund_unknown"
    status = 503

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(
            f"The payment provider may have refunded or not: {detail.rstrip('.')}."
            " Ask again later; the refund is looked for before anything is asked twice."
        )
