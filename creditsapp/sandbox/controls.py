"""What Dodo's dashboard and the banks would do, as a page of buttons and as JSON."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import disputes, outbox, parsing, payment_shapes, refunds, shapes
from creditsapp.sandbox.context import current
from creditsapp.sandbox.errors import ApiError, invalid, not_found, wants_json

bp = Blueprint("controls", __name__)

PAGE_SIZE = 10


@bp.before_request
def refuse_other_sites() -> None:
    """Keep other sites from pressing these buttons through a visitor's browser."""
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise ApiError(403, "FORBIDDEN", "The controls cannot be used from another site.")


def go_to_controls() -> ResponseReturnValue:
    """Lead from the root of the sandbox to its controls."""
    return redirect(url_for("controls.index"))


@bp.get("/")
def index() -> ResponseReturnValue:
    """List the payments with their webhooks, newest first."""
    page = request.args.get("page", 0, type=int)
    page = min(max(page, 0), parsing.INT32_MAX)
    with current().store.reading() as tx:
        found = tx.find("payment", page_number=page, page_size=PAGE_SIZE)
        rows = [
            {
                "payment": payment_shapes.payment(tx, document),
                "refundable": refunds.refundable(tx, document),
                "deliveries": outbox.of_payment(tx, document["payment_id"]),
            }
            for document in found
        ]
    return render_template(
        "controls.html",
        rows=rows,
        page=page,
        has_more=len(rows) == PAGE_SIZE,
        statuses=disputes.STATUSES,
        stages=disputes.STAGES,
    )


@bp.post("/payments/<payment_id>/refund")
def refund(payment_id: str) -> ResponseReturnValue:
    """Refund `amount` cents, or what is left."""
    fields = _fields()
    document = refunds.create(
        current().store,
        payment_id,
        amount=_cents(fields),
        reason="Refunded by hand in the sandbox",
    )
    with current().store.reading() as tx:
        return _done(payment_id, shapes.refund(tx, document))


@bp.post("/payments/<payment_id>/dispute")
def dispute(payment_id: str) -> ResponseReturnValue:
    """Open a dispute, or bring the newest one to another `status`."""
    fields = _fields()
    document = disputes.move(
        current().store,
        payment_id,
        status=parsing.required_text(fields, "status"),
        stage=parsing.text(fields, "stage") or None,
        rdr=_switch(fields, "rdr"),
    )
    with current().store.reading() as tx:
        return _done(payment_id, shapes.dispute(tx, document))


@bp.post("/deliveries/<webhook_id>/replay")
def replay(webhook_id: str) -> ResponseReturnValue:
    """Send a webhook again, under the same id or with `newId` a new one."""
    as_new = _switch(_fields(), "newId")
    with current().store.transaction() as tx:
        delivery = outbox.get(tx, webhook_id)
        if delivery is None:
            raise not_found("webhook delivery")
        sent_as = outbox.replay(tx, delivery, as_new=as_new)
    answer = {"webhook_id": sent_as, "type": delivery.type, "payment_id": delivery.payment_id}
    return _done(delivery.payment_id, answer)


def _fields() -> dict[str, Any]:
    """What was sent, as JSON or as a form."""
    if request.is_json or not request.form:
        return parsing.body()
    return request.form.to_dict()


def _switch(fields: dict[str, Any], name: str) -> bool:
    """A yes or no: a JSON true or false, or a form's ticked box."""
    if isinstance(fields.get(name), str):
        return fields[name].lower() in ("1", "on", "true", "yes")
    return parsing.flag(fields, name)


def _cents(fields: dict[str, Any]) -> int | None:
    amount = fields.get("amount")
    if isinstance(amount, str):
        if not amount.strip():
            return None
        if not amount.strip().isdecimal() or len(amount) > 10:
            raise invalid("amount must be a whole number of cents.")
        fields = {"amount": int(amount)}
    return parsing.integer(fields, "amount", minimum=1)


def _done(payment_id: str, answer: dict[str, Any]) -> ResponseReturnValue:
    """The result as JSON, or back to the payment on the page."""
    if wants_json():
        return answer
    return redirect(url_for("controls.index", _anchor=payment_id), 303)
