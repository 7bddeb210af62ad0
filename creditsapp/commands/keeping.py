"""`flask credits backup`: a copy that counts."""

from pathlib import Path

import click

from creditsapp.commands.common import progress_bar
from creditsapp.commands.credits import credits_group
from creditsapp.formatting import counted
from creditsapp.services import backups


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
        wallets = counted(made.report.wallets, ("wallet", "wallets"))
        entries = counted(made.report.entries, ("entry", "entries"))
        click.echo(f"{size}; {wallets}, {entries}: all is right", err=True)
