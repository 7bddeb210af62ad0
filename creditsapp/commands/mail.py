"""`flask mail`: the outbox."""

from typing import Any

import click

from creditsapp.commands.common import (
    CommandGroup,
    as_json_option,
    print_json,
    printable,
)
from creditsapp.commands.deciding import begin, decided, key_option, optional_reason_option
from creditsapp.formatting import counted, iso
from creditsapp.mail import postman
from creditsapp.models import Mail
from creditsapp.models.mail import MAIL_STATUSES
from creditsapp.services import mails

mail_group = CommandGroup("mail", help="Look at the mails, and send what is due.")


@mail_group.command("list")
@click.option("--status", type=click.Choice(MAIL_STATUSES), help="Only these.")
@as_json_option
def list_mails(status: str | None, as_json: bool) -> None:
    """List the mails, oldest first."""
    found = mails.stored(status)
    if as_json:
        print_json({"mails": [_summary(one) for one in found]})
        return
    for one in found:
        line = (
            f"{one.id:>6}  {one.created_at:%Y-%m-%d %H:%M:%S}  {one.status:<7}  {one.kind:<16}"
            f"  user {one.user_id}"
        )
        click.echo(line + (f"  {printable(one.last_error)}" if one.last_error else ""))


def _summary(one: Mail) -> dict[str, Any]:
    return {
        "id": one.id,
        "userId": one.user_id,
        "kind": one.kind,
        "status": one.status,
        "attempts": one.attempts,
        "lastError": one.last_error,
        "createdAt": iso(one.created_at),
        "dueAt": one.due_at and iso(one.due_at),
        "sentAt": one.sent_at and iso(one.sent_at),
    }


@mail_group.command()
@click.argument("mail_id", metavar="ID", type=int)
@as_json_option
def show(mail_id: int, as_json: bool) -> None:
    """Show a mail, with its words where it was printed and not sent."""
    found = mails.find(mail_id)
    if as_json:
        print_json(_summary(found) | {"text": found.text})
        return
    for name, value in _summary(found).items():
        click.echo(f"{name + ':':<11} {printable(str(value)) if value is not None else '-'}")
    for line in (found.text or "").splitlines():
        click.echo(printable(line))


@mail_group.command()
@optional_reason_option
@key_option
def send(reason: str, key: str | None) -> None:
    """Send what is due now; print it where there is no mail server."""
    begin("mail send", decided(reason, key))
    click.echo(f"{counted(postman.send_due(), ('mail', 'mails'))} sent")


@mail_group.command()
@click.argument("mail_id", metavar="ID", type=int)
@optional_reason_option
@key_option
def retry(mail_id: int, reason: str, key: str | None) -> None:
    """Let a mail that failed be sent again; one that was sent is not."""
    mails.retry(mail_id, decided(reason, key))
    click.echo(f"mail {mail_id} is due")
