"""`flask credits`: grant, adjust, look."""

from decimal import Decimal

import click

from creditsapp.commands.common import (
    CommandGroup,
    CreditsType,
    as_json_option,
    operator,
    print_json,
    printable,
    why,
)
from creditsapp.credits.api_views import entry_json
from creditsapp.formatting import number, signed
from creditsapp.models import LedgerEntry
from creditsapp.models.types import exact, format_credits
from creditsapp.services import accounts, expiry, ledger

credits_group = CommandGroup("credits", help="Grant credits, look at them, prove them right.")

reason_option = click.option("--reason", required=True, help="Why; the user reads it, too.")
key_option = click.option("--key", help="A repeat with the same key changes nothing.")


@credits_group.command(context_settings={"ignore_unknown_options": True})
@click.argument("email")
@click.argument("amount", type=CreditsType())
@reason_option
@key_option
def grant(email: str, amount: Decimal, reason: str, key: str | None) -> None:
    """Give bonus credits."""
    user = accounts.by_email(email)
    entry = ledger.grant(user.id, amount, description=why(reason), key=key, actor=operator())
    click.echo(
        f"{printable(user.email)} was given {format_credits(entry.amount)}{_standing(entry)}"
    )


@credits_group.command(context_settings={"ignore_unknown_options": True})
@click.argument("email")
@click.argument("amount", type=CreditsType(signed=True))
@reason_option
@key_option
def adjust(email: str, amount: Decimal, reason: str, key: str | None) -> None:
    """Correct a balance by a signed amount, such as -3.5."""
    user = accounts.by_email(email)
    entry = ledger.adjust(user.id, amount, description=why(reason), key=key, actor=operator())
    click.echo(f"{printable(user.email)} was adjusted by {signed(entry.amount)}{_standing(entry)}")


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
def release_holds() -> None:
    """Release the holds whose time is over; they count for nothing even before."""
    click.echo(f"{expiry.release_expired()} released")
