"""`flask credits reconcile`, `tick` and `worker`: what webhooks missed, and the periodic work."""

import functools
import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import click
from flask import current_app
from structlog.contextvars import bound_contextvars

from creditsapp import schema
from creditsapp.commands.common import REFUSALS, printable, progress_bar, refusal
from creditsapp.commands.credits import credits_group
from creditsapp.commands.deciding import begin, decided, key_option, optional_reason_option
from creditsapp.commands.reports import DATES
from creditsapp.dodo import dodo_client
from creditsapp.formatting import counted, number
from creditsapp.mail import postman
from creditsapp.services import reconciliation, upkeep
from creditsapp.services.audit import Decision
from creditsapp.services.healing import HEALED, Finding
from creditsapp.services.payments import Terms
from creditsapp.services.reconciliation import Comparison
from creditsapp.services.transaction import end_reads

log = logging.getLogger(__name__)


@credits_group.command()
@click.option("--since", type=DATES, help="Only what Dodo has made since (UTC); everything.")
@click.option("--dry-run", is_flag=True, help="Only say what is different; change nothing.")
@optional_reason_option
@key_option
@click.pass_context
def reconcile(
    ctx: click.Context, since: datetime | None, dry_run: bool, reason: str, key: str | None
) -> None:
    """Compare with Dodo and heal what webhooks missed; exit 1 if something is left to do."""
    found: list[Finding] = []
    decision = decided(reason, key)
    try:
        with progress_bar("Comparing") as show:
            comparison = reconciliation.reconcile(
                dodo_client(),
                _terms(),
                since=since and since.replace(tzinfo=UTC),
                dry_run=dry_run,
                progress=show,
                tell=found.append,
                before_change=functools.cache(lambda: begin("credits reconcile", decision)),
            )
    finally:  # what was healed before Dodo went away is told as well
        for finding in found:
            _tell(finding)
    _sum_up(comparison)
    if not comparison.settled:
        ctx.exit(1)


def _terms() -> Terms:
    terms: Terms = current_app.extensions["creditsapp"].terms
    return terms


def _tell(finding: Finding) -> None:
    what = f"{finding.difference} {finding.kind} {finding.id}: {finding.words}"
    click.echo(f"{printable(what)} ({finding.outcome})")


def _sum_up(comparison: Comparison) -> None:
    compared = (
        (comparison.payments, ("payment", "payments")),
        (comparison.refunds, ("refund", "refunds")),
        (comparison.disputes, ("dispute", "disputes")),
    )
    healed = sum(finding.outcome == HEALED for finding in comparison.findings)
    rest = len(comparison.findings) - healed
    click.echo(
        f"{', '.join(counted(count, noun) for count, noun in compared)} compared:"
        f" {healed} healed, {rest} not"
    )
    for count, noun, where in (
        (
            comparison.waiting,
            ("payment waits for a person", "payments wait for a person"),
            "flask credits purchases --status review",
        ),
        (
            comparison.recorded,
            ("payment came from no order", "payments came from no order"),
            "flask credits purchases --status recorded",
        ),
        (
            comparison.unusable,
            ("webhook could not be used", "webhooks could not be used"),
            "flask webhooks list --status review",
        ),
    ):
        if count:
            click.echo(f"{counted(count, noun)}: {where}")


@credits_group.command()
@optional_reason_option
@key_option
@click.pass_context
def tick(ctx: click.Context, reason: str, key: str | None) -> None:
    """Do all of the periodic work once, now; for cron. Exit 1 if a part of it failed."""
    begin("credits tick", decided(reason, key))
    done = [_sweep(everything=True), _compare(everything=True), _send_mails(everything=True)]
    if not all(done):
        ctx.exit(1)


@credits_group.command()
@click.option("--every", type=click.IntRange(1, 3600), default=60, help="Seconds between; 60.")
@optional_reason_option
def worker(every: int, reason: str) -> None:
    """Do the periodic work as it falls due, until stopped; as many at a time as you like."""
    decision, begun = decided(reason), False
    schema.refuse_another(current_app.extensions["creditsapp"].settings)
    stop = threading.Event()

    def end(name: int, _frame: object) -> None:
        """Finish what is under way; a second signal ends it at once, which harms nothing."""
        stop.set()
        signal.signal(name, signal.SIG_DFL)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    click.echo(f"working every {counted(every, ('second', 'seconds'))}")
    while not stop.is_set():
        begun = begun or _begin_working(decision)
        if begun:
            _sweep(everything=False)
        if begun and not stop.is_set():
            _compare(everything=False)
        if begun and not stop.is_set():
            _send_mails(everything=False)
        stop.wait(every)


def _begin_working(decision: Decision) -> bool:
    """Leave the worker's line, without which it changes nothing; False while that fails."""
    try:
        begin("credits worker", decision)
        return True
    except REFUSALS as error:
        click.echo(refusal(error), err=True)
        return False


def _sweep(*, everything: bool) -> bool:
    """Sweep, and say what was done; False if a part of it failed."""
    done = True
    for name, job in upkeep.sweeps(dodo_client(), _terms(), everything=everything):
        with bound_contextvars(job=name):
            done &= _do(name, job, everything=everything)
    return done


def _send_mails(*, everything: bool) -> bool:
    """Send the mails that are due, those of what was healed just now as well."""
    with bound_contextvars(job="mails sent"):
        return _do("mails sent", postman.send_due, everything=everything)


def _do(name: str, job: Callable[[], int], *, everything: bool) -> bool:
    """Do a job, and say what it did; False if it failed, which stops no other."""
    try:
        count = job()
        if count or everything:
            click.echo(f"{name}: {number(count)}")
        return True
    except Exception as error:  # it is done the next time
        _log_bug(error)
        click.echo(f"{name}: {refusal(error)}", err=True)
        return False
    finally:
        end_reads()


@bound_contextvars(job="reconcile")
def _compare(*, everything: bool) -> bool:
    """Compare with Dodo, and say what was found; False if that failed."""
    try:
        for comparison in upkeep.comparisons(dodo_client(), _terms(), _tell, everything=everything):
            _sum_up(comparison)
        return True
    except Exception as error:
        _log_bug(error)
        click.echo(f"reconcile: {refusal(error)}", err=True)
        return False
    finally:
        end_reads()  # a worker sleeps next, and must not keep SQLite's log from shrinking


def _log_bug(error: Exception) -> None:
    """Keep the trace of what is no refusal: somebody will have to find out."""
    if not isinstance(error, REFUSALS):
        log.error("the periodic work failed", exc_info=error)
