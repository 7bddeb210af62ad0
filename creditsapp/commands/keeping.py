"""`flask credits backup` and `move-database`: copies that count, since they are proven."""

from pathlib import Path
from typing import Any

import click
from sqlalchemy import URL, make_url

from creditsapp.commands.common import progress_bar
from creditsapp.commands.credits import credits_group
from creditsapp.commands.deciding import decided, reason_option
from creditsapp.database.address import normalised
from creditsapp.formatting import counted
from creditsapp.services import backups, moving
from creditsapp.services.verification import Report


class PostgresUrl(click.ParamType):
    """The URL of a PostgreSQL database."""

    name = "URL"

    def convert(self, value: Any, param: Any, ctx: Any) -> URL:
        """The URL for our driver, or a usage error that does not show it."""
        try:
            url = make_url(normalised(value))
        except ValueError as error:
            self.fail(str(error))
        if url.drivername == "sqlite":
            self.fail("must begin with postgresql://")
        return url


@credits_group.command()
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that is not there yet.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
def backup(output: Path, overwrite: bool) -> None:
    """Back up SQLite while the app is at work; the file has its name once it is proven."""
    if str(output) == "-":
        raise click.UsageError("A backup is proven as a file: -o takes a file's name.")
    with progress_bar("Proving") as show:
        made = backups.back_up(output, overwrite=overwrite, progress=show)
    size = f"{output}, {made.size:,} bytes"
    if made.report is None:
        click.echo(f"{size}; its ledger was not proven: {made.schema.words}", err=True)
    else:
        click.echo(f"{size}; {_proof(made.report)}", err=True)


@credits_group.command("move-database")
@click.argument("url", type=PostgresUrl())
@click.option("--dry-run", is_flag=True, help="Copy and prove everything, and keep nothing.")
@reason_option
def move_database(url: URL, dry_run: bool, reason: str) -> None:
    """Move from SQLite to an empty, migrated PostgreSQL; SQLite takes no more writes then."""

    def tell(table: str, rows: int) -> None:
        click.echo(f"{table}: {counted(rows, ('row', 'rows'))}", err=True)

    report = moving.move(url, decided(reason), dry_run=dry_run, tell=tell)
    click.echo(_proof(report))
    if dry_run:
        click.echo("It would move. Nothing was kept.")
    else:
        click.echo("It has moved. Let DATABASE_URL name the new one, and start the app again.")


def _proof(report: Report) -> str:
    wallets = counted(report.wallets, ("wallet", "wallets"))
    return f"{wallets}, {counted(report.entries, ('entry', 'entries'))}: all is right"
