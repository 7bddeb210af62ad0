"""`flask users disable`, `enable`, `erase` and `reset-link`: who may use an account."""

import click

from creditsapp import tokens
from creditsapp.commands.common import printable
from creditsapp.commands.deciding import (
    decided,
    key_option,
    optional_reason_option,
    reason_option,
)
from creditsapp.commands.users import users_group
from creditsapp.mail import postman
from creditsapp.services import accounts, closing, new_passwords

KEPT = (
    "Kept are the ledger, orders and payments with what Dodo told of them, and a hash by which the"
    " same mailbox gets no second welcome credits."
)


@users_group.command()
@click.argument("email")
@reason_option
@key_option
def disable(email: str, reason: str, key: str | None) -> None:
    """Let nobody use an account for now; its sessions and links end at once."""
    user = closing.disable(accounts.by_email(email).id, decided(reason, key))
    click.echo(f"{printable(user.email)} is disabled, and signed out everywhere")


@users_group.command()
@click.argument("email")
@reason_option
@key_option
def enable(email: str, reason: str, key: str | None) -> None:
    """Let a disabled account be used again."""
    user = closing.enable(accounts.by_email(email).id, decided(reason, key))
    click.echo(f"{printable(user.email)} may be used again")


@users_group.command("reset-link")
@click.argument("email")
@optional_reason_option
@key_option
def reset_link(email: str, reason: str, key: str | None) -> None:
    """Print a link that sets a new password: for an hour, and once."""
    link_id = new_passwords.reset_link(accounts.by_email(email).id, decided(reason, key))
    click.echo(f"{postman.own_address()}/auth/reset/{tokens.token(link_id)}")


@users_group.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reason_option
@key_option
def erase(email: str, yes: bool, reason: str, key: str | None) -> None:
    """Forget who somebody is and what they made, for good; the ledger stays."""
    user = accounts.by_email(email)
    decision = decided(reason, key)
    if not yes:
        click.echo(f"This cannot be undone. {KEPT}", err=True)
        typed = click.prompt("Type the address to go on", err=True, default="", show_default=False)
        if typed.strip().casefold() != user.email:
            raise click.ClickException("That is another address. Nothing was erased.")
    closing.erase(user.id, decision)
    click.echo(f"user {user.id} is erased. {KEPT}")
