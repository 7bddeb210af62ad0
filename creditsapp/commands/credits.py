"""`flask credits`: grant, adjust, look."""

from decimal import Decimal

import click
from flask import current_app

from creditsapp.commands.common import (
    CommandGroup,
    CreditsType,
    as_json_option,
    print_json,
    printable,
)
from creditsapp.commands.deciding import (
    begin,
    decided,
    key_option,
    optional_reason_option,
    public_reason_option,
)
from creditsapp.credits.api_views import entry_json
from creditsapp.formatting import number, signed
from creditsapp.models import LedgerEntry, User
from creditsapp.models.types import exact, format_credits
from creditsapp.services import accounts, expiry, grant_requests, grants, ledger
from creditsapp.services.audit import Decision

credits_group = CommandGroup("credits", help="Grant credits, look at them, prove them right.")


@credits_group.command(context_settings={"ignore_unknown_options": True})
@click.argument("email")
@click.argument("amount", type=CreditsType())
@public_reason_option
@key_option
@click.pass_context
def grant(ctx: click.Context, email: str, amount: Decimal, reason: str, key: str | None) -> None:
    """Give bonus credits; above GRANT_APPROVAL_ABOVE once a second operator agrees."""
    user = accounts.by_email(email)
    entry = _given(ctx, user, amount, "bonus", decided(reason, key))
    click.echo(
        f"{printable(user.email)} was given {format_credits(entry.amount)}{_standing(entry)}"
    )


@credits_group.command(context_settings={"ignore_unknown_options": True})
@click.argument("email")
@click.argument("amount", type=CreditsType(signed=True))
@public_reason_option
@key_option
@click.pass_context
def adjust(ctx: click.Context, email: str, amount: Decimal, reason: str, key: str | None) -> None:
    """Correct a balance by a signed amount, such as -3.5; upwards it is held to as `grant` is."""
    user = accounts.by_email(email)
    entry = _given(ctx, user, amount, "adjustment", decided(reason, key))
    click.echo(f"{printable(user.email)} was adjusted by {signed(entry.amount)}{_standing(entry)}")


def _given(
    ctx: click.Context, user: User, amount: Decimal, kind: str, decision: Decision
) -> LedgerEntry:
    """The entry; where there is none yet, say what it waits for and end with exit code 1."""
    above = current_app.extensions["creditsapp"].settings.grant_approval_above
    given = grants.give(user.id, amount, kind, decision, above=above)
    if isinstance(given, LedgerEntry):
        return given
    state = grant_requests.state(given)
    if state != "waiting":
        raise click.ClickException(
            f"Request {given.id} for this key is {state}; nothing was given."
        )
    click.echo(
        f"Nothing was given yet: request {given.id} waits for a second operator:"
        f" flask credits approve-grant {given.id} --reason TEXT",
        err=True,
    )
    ctx.exit(1)


def _standing(entry: LedgerEntry) -> str:
    return f" as entry {entry.number}; the balance after it is {number(entry.balance_after)}"


@credits_group.command()
@click.argument("email")
@as_json_option
def balance(email: str, as_json: bool) -> None:
    """Show what a user has."""
    user = accounts.by_email(email)
    found = ledger.balance(user.id)
    if as_json:
        print_json(
            {
                "balance": exact(found.balance),
                "held": exact(found.held),
                "available": exact(found.available),
                "version": found.version,
            }
        )
    else:
        click.echo(
            f"{printable(user.email)}: {format_credits(found.available)} available"
            f" (balance {number(found.balance)}, held {number(found.held)})"
        )


@credits_group.command()
@click.argument("email")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, help="How many; 50.")
@as_json_option
def history(email: str, limit: int, as_json: bool) -> None:
    """Show a user's newest ledger entries."""
    entries, _older = ledger.history(accounts.by_email(email).id, limit=limit)
    if as_json:
        print_json({"transactions": [entry_json(entry) for entry in entries]})
        return
    for entry in entries:
        what = printable(entry.description or entry.operation or "")
        click.echo(
            f"{entry.number:>6}  {entry.created_at:%Y-%m-%d %H:%M:%S}  {entry.type:<10}"
            f"  {signed(entry.amount):>12}  {number(entry.balance_after):>12}  {what}"
        )


@credits_group.command("release-holds")
@optional_reason_option
@key_option
def release_holds(reason: str, key: str | None) -> None:
    """Release the holds whose time is over; they count for nothing even before."""
    begin("credits release-holds", decided(reason, key))
    click.echo(f"{expiry.release_expired()} released")
