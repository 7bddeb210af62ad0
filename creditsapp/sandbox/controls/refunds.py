"""Refunds by hand, as from Dodo's dashboard, and how refunds go on."""

from flask.typing import ResponseReturnValue

from creditsapp.sandbox import parsing, refunds, shapes
from creditsapp.sandbox.context import current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.controls.fields import ON_NOW, choice, done, fields, number
from creditsapp.sandbox.currencies import CURRENCIES
from creditsapp.sandbox.store import Document


@bp.post("/payments/<payment_id>/refund")
def refund(payment_id: str) -> ResponseReturnValue:
    """Refund `amount` in the smallest unit of `currency`, or what is left."""
    given = fields()
    currency = choice(given, "currency", ("", *CURRENCIES), default="")
    document = refunds.create(
        current().store,
        payment_id,
        amount=number(given, "amount", 1, parsing.INT32_MAX),
        currency=currency or None,
        reason=given.get("reason", "Refunded by hand in the sandbox"),
        status=choice(given, "status", refunds.STATUSES, default="succeeded"),
    )
    return _answer(document)


@bp.post("/refunds/<refund_id>/decide")
def decide_refund(refund_id: str) -> ResponseReturnValue:
    """Bring a refund that is not decided to a `status`."""
    status = choice(fields(), "status", refunds.STATUSES, default="")
    return _answer(refunds.decide(current().store, refund_id, status))


@bp.post("/refunds/mode")
def begin_refunds() -> ResponseReturnValue:
    """Let the refunds that the shop asks for begin with a `status`."""
    status = choice(fields(), "status", refunds.STATUSES, default="succeeded")
    with current().store.transaction() as tx:
        refunds.begin_as(tx, status)
    return done({"status": status}, ON_NOW)


def _answer(document: Document) -> ResponseReturnValue:
    with current().store.reading() as tx:
        return done(shapes.refund(tx, document), document["payment_id"])
