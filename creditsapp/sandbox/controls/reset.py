"""Everything as it was at first."""

from flask.typing import ResponseReturnValue

from creditsapp.sandbox import catalogue, faults, outbox, refunds, webhook_modes
from creditsapp.sandbox.context import current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.controls.fields import done


@bp.post("/reset")
def reset() -> ResponseReturnValue:
    """Switch everything off that is not as usual; payments stay."""
    with current().store.transaction() as tx:
        faults.switch_off(tx)
        webhook_modes.switch_off(tx)
        catalogue.change(tx, {})
        refunds.begin_as(tx, "succeeded")
        outbox.release(tx)
    return done({}, "")
