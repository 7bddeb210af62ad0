"""`flask credits audit`: who changed what by a command, and why."""

import json
from datetime import UTC, datetime
from typing import Any

import click

from creditsapp.commands.common import as_json_option, print_json, printable
from creditsapp.commands.credits import credits_group
from creditsapp.commands.reports import DATES
from creditsapp.formatting import iso
from creditsapp.models import OperatorAction
from creditsapp.services import accounts, audit, personal_data


@credits_group.command("audit")
@click.option("--since", type=DATES, help="From this date on (UTC).")
@click.option("--subject", metavar="EMAIL", help="Only what concerns this person.")
@as_json_option
def show_trail(since: datetime | None, subject: str | None, as_json: bool) -> None:
    """Show the operators' audit trail, oldest first."""
    subjects = personal_data.subjects_of(accounts.by_email(subject).id) if subject else None
    lines = audit.trail(since and since.replace(tzinfo=UTC), subjects)
    if as_json:
        print_json({"actions": [_row(line) for line in lines]})
        return
    for line in lines:
        details = f"  {json.dumps(line.details, sort_keys=True)}" if line.details else ""
        words = (
            f"{line.created_at:%Y-%m-%d %H:%M:%S}  {line.actor}  {line.command}  {line.subject}"
            f"  {line.reason or '-'}{details}"
        )
        click.echo(printable(words))


def _row(line: OperatorAction) -> dict[str, Any]:
    return {
        "id": line.id,
        "createdAt": iso(line.created_at),
        "actor": line.actor,
        "command": line.command,
        "subject": line.subject,
        "reason": line.reason,
        "details": line.details,
        "key": line.idempotency_key and line.idempotency_key.removeprefix("key:"),
    }
