"""What commands that change something share: who decides, why, and under which key."""

import click

from creditsapp.commands.common import operator, why
from creditsapp.services import audit
from creditsapp.services.audit import Decision

key_option = click.option("--key", help="A repeat with the same key changes nothing.")
reason_option = click.option("--reason", required=True, help="Why; it is kept.")
public_reason_option = click.option("--reason", required=True, help="Why; the user reads it, too.")
optional_reason_option = click.option(
    "--reason", default="no reason given", help="Why, for the audit trail."
)


def decided(reason: str, key: str | None = None) -> Decision:
    """What the operator decided, and why; wrong usage where a reason is empty."""
    return Decision(operator(), why(reason), key)


def begin(command: str, decision: Decision, **details: str) -> None:
    """Leave the line of work in many transactions before its first; end where its key did it."""
    if not audit.begin(command, "all", decision, details):
        click.echo("This was done before with this key; nothing was done now.")
        raise click.exceptions.Exit(0)
