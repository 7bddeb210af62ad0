"""`flask credits stress`, `checkpoint` and `verify`: proof that no credit is lost or made."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import click
from sqlalchemy.exc import SQLAlchemyError

from creditsapp.commands.common import (
    CreditsType,
    as_json_option,
    print_json,
    printable,
    progress_bar,
    refusal,
    written,
)
from creditsapp.commands.credits import credits_group
from creditsapp.commands.deciding import begin, decided, key_option, optional_reason_option
from creditsapp.formatting import counted, number
from creditsapp.models.types import exact
from creditsapp.services import accounts, checkpoints, proofs, verification
from creditsapp.services.errors import ServiceError
from creditsapp.stress import Outcome, race


@credits_group.command()
@click.option("--processes", type=click.IntRange(1, 200), default=8, help="How many; 8.")
@click.option("--balance", type=CreditsType(), default=Decimal(100), help="To race for; 100.")
@click.option("--cost", type=CreditsType(), default=Decimal(1), help="Of each spend; 1.")
@as_json_option
@optional_reason_option
@key_option
@click.pass_context
def stress(
    ctx: click.Context,
    processes: int,
    balance: Decimal,
    cost: Decimal,
    as_json: bool,
    reason: str,
    key: str | None,
) -> None:
    """Race real processes for a throwaway wallet; exit 1 if a credit was lost or made."""
    begin("credits stress", decided(reason, key))
    outcome = race(processes, balance, cost)
    problems = verification.verify().problems
    if as_json:
        print_json(_race_json(outcome, verified=not problems))
    else:
        for line in _race_lines(outcome):
            click.echo(line)
        found = counted(len(problems), ("problem", "problems"))
        click.echo(f"verify: {found if problems else 'all is right'}")
    if problems or not outcome.ok:
        ctx.exit(1)


def _race_json(outcome: Outcome, *, verified: bool) -> dict[str, Any]:
    return {
        "ok": outcome.ok and verified,
        "attempts": outcome.attempts,
        "wins": outcome.wins,
        "refusals": outcome.refusals,
        "releases": outcome.releases,
        "failures": outcome.failures,
        "perSecond": round(outcome.pace),
        "finalSum": exact(outcome.final_sum),
        "expectedSum": exact(outcome.expected_sum),
        "entriesAsTold": outcome.as_told,
        "verified": verified,
    }


def _race_lines(outcome: Outcome) -> Iterator[str]:
    yield (
        f"{outcome.attempts} attempts, {outcome.pace:.0f} a second: {outcome.wins} won,"
        f" {outcome.refusals} refused, {outcome.releases} released"
    )
    if outcome.failures:
        yield f"{counted(outcome.failures, ('process', 'processes'))} failed"
    told = "exactly the entries" if outcome.as_told else "NOT the entries"
    yield f"the ledger has {told} that the processes were told of"
    final, expected = number(outcome.final_sum), number(outcome.expected_sum)
    yield f"final sum {final}, expected {expected}: {_verdict(outcome)}"


def _verdict(outcome: Outcome) -> str:
    if outcome.ok:
        return "no credit was lost or made"
    return "NOT PROVEN" if outcome.failures else "CREDITS WERE LOST OR MADE"


@credits_group.command()
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="A file; - prints."
)
def checkpoint(output: Path) -> None:
    """Write a hash of every wallet's history, for `verify --against`; keep it elsewhere."""
    with written(output) as stream:
        wallets = checkpoints.write(stream)
    click.echo(counted(wallets, ("wallet", "wallets")), err=True)


@credits_group.command()
@click.option("--against", type=click.File(encoding="utf-8"), help="A checkpoint of earlier.")
@as_json_option
@click.pass_context
def verify(ctx: click.Context, against: IO[str] | None, as_json: bool) -> None:
    """Prove every wallet right; exit 1 and name the first wrong row of each that is not."""
    with progress_bar("Verifying") as show:
        report = verification.verify(show)
    if against is not None:
        report.problems += checkpoints.compare(against)
    _keep(report)
    emails = accounts.emails({problem.user_id for problem in report.problems})
    if as_json:
        print_json(_report_json(report, emails))
    else:
        for problem in report.problems:
            who = printable(emails.get(problem.user_id, f"user {problem.user_id}"))
            where = f", entry {problem.number}" if problem.number else ""
            click.echo(f"{who}{where}: {problem.problem}", err=True)
        verdict = "all is right" if report.ok else f"{len(report.problems)} wrong"
        wallets = counted(report.wallets, ("wallet", "wallets"))
        entries = counted(report.entries, ("entry", "entries"))
        click.echo(f"{wallets}, {entries}: {verdict}")
    if not report.ok:
        ctx.exit(1)


def _keep(report: verification.Report) -> None:
    """Let metrics know; a database that cannot be written to is proven all the same."""
    try:
        proofs.keep(report)
    except (ServiceError, SQLAlchemyError) as error:
        click.echo(f"the result is not kept: {refusal(error)}", err=True)


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
