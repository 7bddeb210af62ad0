"""`flask credits report` and `export`: what there is, for people and for spreadsheets."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from flask import current_app

from creditsapp.commands.common import as_json_option, print_json, written
from creditsapp.commands.credits import credits_group
from creditsapp.credits.csv_export import defused
from creditsapp.formatting import counted, number, signed
from creditsapp.models.types import exact
from creditsapp.services import reports

ENTRIES = ("entry", "entries")
DATES = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


class Month(click.ParamType):
    """A month such as 2026-11."""

    name = "YYYY-MM"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """The month, or a usage error in words."""
        try:
            return datetime.strptime(value, "%Y-%m").strftime("%Y-%m")
        except ValueError:
            self.fail(f"{value!r} is not a month such as 2026-11")


@credits_group.command()
@click.option("--month", type=Month(), help="Only this month.")
@as_json_option
def report(month: str | None, as_json: bool) -> None:
    """Show credits in, out and outstanding by month and type, and what is owed in dollars."""
    lines, left = reports.by_month(month), reports.outstanding()
    per_dollar: Decimal = current_app.extensions["creditsapp"].settings.credits_per_dollar
    liability = (left.bought / per_dollar).quantize(Decimal("0.01"))
    if as_json:
        print_json(
            {
                "months": [
                    {
                        "month": line.month,
                        "type": line.type,
                        "entries": line.entries,
                        "in": exact(line.came_in),
                        "out": exact(-line.went_out),
                    }
                    for line in lines
                ],
                "outstanding": exact(left.credits),
                "bought": exact(left.bought),
                "free": exact(left.free),
                "debts": exact(left.debts),
                "liabilityDollars": exact(liability),
            }
        )
        return
    for line in lines:
        click.echo(
            f"{line.month}  {line.type:<10} {counted(line.entries, ENTRIES):>16}"
            f"  {signed(line.came_in):>14}  {number(line.went_out):>14}"
        )
    click.echo(
        f"outstanding {number(left.credits)}: {number(left.bought)} bought,"
        f" {number(left.free)} free"
    )
    click.echo(f"debts {number(left.debts)}; liability ${liability:,.2f}")


@credits_group.command()
@click.option("--since", type=DATES, help="From this date on (UTC).")
@click.option("--until", type=DATES, help="To before this date (UTC).")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="A file; - prints."
)
def export(since: datetime | None, until: datetime | None, output: Path) -> None:
    """Write the whole ledger as CSV; the file has its name once it is complete."""
    with written(output) as stream:
        writer = csv.writer(stream)
        writer.writerow(reports.EXPORTED)
        for row in reports.all_entries(_utc(since), _utc(until)):
            writer.writerow([_cell(value) for value in row])


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return defused(value) if isinstance(value, str) else value
