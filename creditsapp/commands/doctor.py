"""`flask credits doctor`: the set-up checklist, checked for real."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click

from creditsapp.commands.common import as_json_option, print_json, printable
from creditsapp.commands.credits import credits_group
from creditsapp.doctor import examine
from creditsapp.formatting import counted


@credits_group.command()
@as_json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check database, settings and Dodo; exit 1 if something would not work."""
    with _quiet_client():
        checks = list(examine())
    failed = sum(check.status == "failed" for check in checks)
    if as_json:
        print_json({"ok": not failed, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            advice = f". {check.advice}" if check.advice else ""
            line = f"{check.status:<7}  {check.name}: {check.message}{advice}"
            click.echo(printable(line))
        warnings = sum(check.status == "warning" for check in checks)
        click.echo(f"{failed} failed, {counted(warnings, ('warning', 'warnings'))}")
    if failed:
        ctx.exit(1)


@contextmanager
def _quiet_client() -> Iterator[None]:
    """No log lines between the findings, which say the same."""
    log = logging.getLogger("creditsapp.dodo")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
