"""Everything as it was at first."""

from flask.typing import ResponseReturnValue

from creditsapp.sandbox import faults, outbox, webhook_modes
from creditsapp.sandbox.context import current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.controls.fields import done


@bp.post("/reset")
def reset() -> ResponseReturnValue:
    """Switch every fault and webhook mode off; payments stay."""
    with current().store.transaction() as tx:
        faults.switch_off(tx)
        webhook_modes.switch_off(tx)
        outbox.release(tx)
    return done({}, "")
