"""Switching faults of the API on and off."""

from flask.typing import ResponseReturnValue

from creditsapp.sandbox import faults
from creditsapp.sandbox.context import current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.controls.fields import ON_NOW, choice, done, fields, number, seconds
from creditsapp.sandbox.errors import invalid

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


@bp.get("/faults")
def list_faults() -> ResponseReturnValue:
    """List the faults that are on, as JSON."""
    with current().store.reading() as tx:
        return {"items": faults.switched_on(tx)}


@bp.post("/faults")
def add_fault() -> ResponseReturnValue:
    """Let requests to the API fail: the next `times`, or all until the faults are cleared."""
    given = fields()
    fault = choice(given, "fault", faults.FAULTS, default="")
    path = given.get("path")
    if path and not path.startswith("/"):
        raise invalid("path must begin with a slash, such as /refunds.")
    method = choice(
        {"method": given.get("method", "").upper()}, "method", ("", *METHODS), default=""
    )
    with current().store.transaction() as tx:
        document = faults.switch_on(
            tx,
            fault,
            path=path,
            method=method or None,
            times=number(given, "times", 1, 1000),
            seconds=seconds(given, faults.DEFAULT_SECONDS.get(fault, 0), 300),
            status=number(given, "status", 200, 599),
            url=given.get("url"),
        )
    return done(document, ON_NOW)


@bp.delete("/faults")
@bp.post("/faults/reset")
def clear_faults() -> ResponseReturnValue:
    """Let the API answer as it should."""
    with current().store.transaction() as tx:
        faults.switch_off(tx)
    return done({"items": []}, ON_NOW)
