"""`flask credits`: grant, look, prove."""

from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import click

from creditsapp.commands.common import (
    CommandGroup,
    CreditsType,
    operator,
    print_json,
    printable,
    progress_bar,
    written,
)
from creditsapp.credits.api_views import entry_json
from creditsapp.formatting import number, signed
from creditsapp.models import LedgerEntry
from creditsapp.models.types import exact, format_credits
from creditsapp.services import accounts, checkpoints, holds, ledger, verification
from creditsapp.stress import race

credits_group = CommandGroup("credits", help="Grant credits, look at them, prove them right.")

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


reason_option = click.option("--reason", required=True, help="Why; the user reads it, too.")
key_option = click.option("--key", help="A repeat with the same key changes nothing.")


@credits_group.command()
@click.argument("email")
@click.argument("amount", type=CreditsType())
@reason_option
@key_option
def grant(email: str, amount: Decimal, reason: str, key: str | None) -> None:
    """Give bonus credits."""
    user = accounts.by_email(email)
    entry = ledger.grant(user.id, amount, description=_why(reason), key=key, actor=operator())
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
    entry = ledger.adjust(user.id, amount, description=_why(reason), key=key, actor=operator())
    click.echo(f"{printable(user.email)} was adjusted by {signed(entry.amount)}{_standing(entry)}")


def _why(reason: str) -> str:
    why = printable(reason.strip())[:500]
    if not why:
        raise click.UsageError("--reason must say why")
    return why


def _standing(entry: LedgerEntry) -> str:
    return f" as entry {entry.number}; the balance after it is {number(entry.balance_after)}"


@credits_group.command()
@click.argument("email")
@as_json
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
@as_json
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
    click.echo(f"{holds.release_expired()} released")


@credits_group.command()
@click.option("--processes", type=click.IntRange(1, 200), default=8, help="How many; 8.")
@click.option("--balance", type=CreditsType(), default=Decimal(100), help="To race for; 100.")
@click.option("--cost", type=CreditsType(), default=Decimal(1), help="Of each spend; 1.")
@as_json
@click.pass_context
def stress(
    ctx: click.Context, processes: int, balance: Decimal, cost: Decimal, as_json: bool
) -> None:
    """Race real processes for a throwaway wallet; exit 1 if a credit was lost or made."""
    outcome = race(processes, balance, cost)
    ok = outcome.ok and verification.verify().ok
    if as_json:
        print_json(
            {
                "ok": ok,
                "attempts": outcome.attempts,
                "wins": outcome.wins,
                "refusals": outcome.refusals,
                "finalSum": exact(outcome.final_sum),
            }
        )
    else:
        pace = outcome.attempts / outcome.seconds if outcome.seconds else 0
        click.echo(
            f"{outcome.attempts} attempts: {outcome.wins} won, {outcome.refusals} refused,"
            f" {outcome.releases} released; {pace:.0f} a second by {processes} processes"
        )
        click.echo(
            f"final sum {number(outcome.final_sum)}, expected {number(outcome.expected_sum)}:"
            f" {'all is right' if ok else 'WRONG'}"
        )
    if not ok:
        ctx.exit(1)


@credits_group.command()
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="A file; - prints."
)
def checkpoint(output: Path) -> None:
    """Write a hash of every wallet's history, for `verify --against`; keep it elsewhere."""
    with written(output) as stream:
        wallets = checkpoints.write(stream)
    click.echo(f"{wallets} wallets", err=True)


@credits_group.command()
@click.option("--against", type=click.File(encoding="utf-8"), help="A checkpoint of earlier.")
@as_json
@click.pass_context
def verify(ctx: click.Context, against: IO[str] | None, as_json: bool) -> None:
    """Prove every wallet right; exit 1 and name the first wrong row of each that is not."""
    with progress_bar("Verifying") as show:
        report = verification.verify(show)
    if against is not None:
        report.problems += checkpoints.compare(against)
    emails = accounts.emails({problem.user_id for problem in report.problems})
    if as_json:
        print_json(_report_json(report, emails))
    else:
        for problem in report.problems:
            who = printable(emails.get(problem.user_id, f"user {problem.user_id}"))
            where = f", entry {problem.number}" if problem.number else ""
            click.echo(f"{who}{where}: {problem.problem}", err=True)
        verdict = "all is right" if report.ok else f"{len(report.problems)} wrong"
        click.echo(f"{report.wallets} wallets, {report.entries} entries: {verdict}")
    if not report.ok:
        ctx.exit(1)


def _report_json(report: verification.Report, emails: dict[int, str]) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "wallets": report.wallets,
        "entries": report.entries,
        "problems": [
            {
                "userId": problem.user_id,
                "email": emails.get(problem.user_id),
                "number": problem.number,
                "problem": problem.problem,
            }
            for problem in report.problems
        ],
    }
