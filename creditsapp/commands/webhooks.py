"""`flask webhooks`: the inbox of Dodo's events."""

import base64
import json
from typing import Any

import click
from flask import current_app

from creditsapp.commands.common import (
    CommandGroup,
    as_json_option,
    print_json,
    printable,
)
from creditsapp.commands.deciding import decided, key_option, optional_reason_option
from creditsapp.formatting import iso
from creditsapp.models import WebhookEvent
from creditsapp.services import webhooks
from creditsapp.services.audit import Decision
from creditsapp.services.errors import ServiceError
from creditsapp.strict_json import parse_json

webhooks_group = CommandGroup("webhooks", help="Look at Dodo's webhooks, and apply them again.")


@webhooks_group.command("list")
@click.option("--status", type=click.Choice(webhooks.STATUSES), help="Only these.")
@as_json_option
def list_webhooks(status: str | None, as_json: bool) -> None:
    """List what came in, oldest first."""
    found = webhooks.stored(status)
    if as_json:
        print_json({"webhooks": [_summary(one) for one in found]})
        return
    for one in found:
        line = (
            f"{one.received_at:%Y-%m-%d %H:%M:%S}  {one.status:<17}  {printable(one.type):<20}"
            f"  {printable(one.id)}  {printable(one.payment_id or '-')}"
        )
        click.echo(line + (f"  {printable(one.last_error)}" if one.last_error else ""))


def _summary(one: WebhookEvent) -> dict[str, Any]:
    return {
        "id": one.id,
        "type": one.type,
        "paymentId": one.payment_id,
        "status": one.status,
        "attempts": one.attempts,
        "lastError": one.last_error,
        "receivedAt": iso(one.received_at),
        "processedAt": one.processed_at and iso(one.processed_at),
        "nextAttemptAt": one.next_attempt_at and iso(one.next_attempt_at),
    }


@webhooks_group.command()
@click.argument("webhook_id", metavar="ID")
@as_json_option
def show(webhook_id: str, as_json: bool) -> None:
    """Show a webhook with all that it carried."""
    found = webhooks.find(webhook_id)
    if as_json:
        print_json(_summary(found) | _payload(found.payload))
        return
    for name, value in _summary(found).items():
        click.echo(f"{name + ':':<15} {printable(str(value)) if value is not None else '-'}")
    for line in _readable(found.payload).splitlines():
        click.echo(printable(line))


def _payload(body: bytes) -> dict[str, Any]:
    """The body for machines: as JSON, or in base64 when it is none."""
    try:
        return {"payload": parse_json(body)}
    except ValueError:
        return {"payloadBase64": base64.b64encode(body).decode()}


def _readable(body: bytes) -> str:
    """The body for people: JSON in lines, anything else as it is."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return repr(body)


@webhooks_group.command()
@click.argument("webhook_id", metavar="[ID]", required=False)
@click.option("--failed", is_flag=True, help="All that failed, oldest first.")
@optional_reason_option
@key_option
@click.pass_context
def replay(
    ctx: click.Context, webhook_id: str | None, failed: bool, reason: str, key: str | None
) -> None:
    """Apply a webhook again; nothing is ever credited or taken twice. Exit 1 if one fails."""
    if failed == (webhook_id is not None):
        raise click.UsageError("name one webhook, or say --failed")
    ids = [one.id for one in webhooks.stored("failed")] if webhook_id is None else [webhook_id]
    decision, broken = decided(reason, key), 0
    for one in ids:
        status = _replayed(one, decision)
        broken += status.startswith("failed")
        click.echo(f"{printable(one)}: {status}", err=status.startswith("failed"))
    if failed and not ids:
        click.echo("no webhook has failed")
    if broken:
        ctx.exit(1)


def _replayed(webhook_id: str, decision: Decision) -> str:
    terms = current_app.extensions["creditsapp"].terms
    try:
        return webhooks.replay(webhook_id, terms, decision)
    except ServiceError:
        raise
    except Exception as error:
        return f"failed again: {printable(webhooks.in_words(error))}"
