"""What happens to webhooks on their way, and sending whatever one likes."""

import json
import re
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import events, outbox, parsing, webhook_modes
from creditsapp.sandbox.addresses import webhook_target
from creditsapp.sandbox.context import BUSINESS_ID, current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.controls.fields import ON_NOW, choice, done, fields, number, seconds, switch
from creditsapp.sandbox.errors import invalid
from creditsapp.sandbox.times import iso

_WEBHOOK_ID = re.compile(r"[!-~]{1,100}", re.ASCII)


@bp.get("/webhooks/modes")
def list_modes() -> ResponseReturnValue:
    """List what is on, as JSON."""
    with current().store.reading() as tx:
        return {"items": webhook_modes.switched_on(tx)}


@bp.post("/webhooks/modes")
def add_mode() -> ResponseReturnValue:
    """Let something happen to the next `times` webhooks, or to all until the modes are cleared."""
    given = fields()
    mode = choice(given, "mode", webhook_modes.MODES, default="")
    with current().store.transaction() as tx:
        document = webhook_modes.switch_on(
            tx,
            mode,
            times=number(given, "times", 1, 1000),
            seconds=seconds(given, webhook_modes.DELAY_SECONDS, 86400),
            copies=number(given, "copies", 2, 20) or 2,
            in_a_row=switch(given, "in_a_row"),
            clock=current().clock,
        )
    return done(document, ON_NOW)


@bp.delete("/webhooks/modes")
@bp.post("/webhooks/modes/reset")
def clear_modes() -> ResponseReturnValue:
    """Send webhooks as they should be, and those at once that are held back."""
    with current().store.transaction() as tx:
        webhook_modes.switch_off(tx)
        outbox.release(tx)
    return done({"items": []}, ON_NOW)


@bp.post("/webhooks/send")
def send() -> ResponseReturnValue:
    """Sign and send the fields as they are, or the text in `raw`."""
    event = _event() if request.is_json or not request.form else _event_of_form()
    webhook_id = event.pop("webhook_id", None)
    if not isinstance(webhook_id, str | None) or not _WEBHOOK_ID.fullmatch(webhook_id or "msg"):
        raise invalid("webhook_id must be 1 to 100 visible characters.")
    raw = event.pop("raw", None)
    if not isinstance(raw, str | None):
        raise invalid("raw must be a text.")
    event_type = event.get("type")
    with current().store.transaction() as tx:
        sent_as = events.add_custom(
            tx,
            json.dumps(event) if raw is None else raw,
            label=event_type if isinstance(event_type, str) and raw is None else "custom",
            url=webhook_target(),
            webhook_id=webhook_id,
        )
    return done({"webhook_id": sent_as}, "webhooks")


def _event() -> dict[str, Any]:
    return {"business_id": BUSINESS_ID, "timestamp": iso(), **parsing.body()}


def _event_of_form() -> dict[str, Any]:
    given = fields()
    data = parsing.json_in("data", given.get("data", "null"))
    event = {"business_id": BUSINESS_ID, "type": given.get("type"), "timestamp": iso()}
    return {**event, "data": data, **{key: given[key] for key in ("webhook_id",) if key in given}}
