"""`flask users`: accounts."""

import secrets

import click
from flask import current_app

from creditsapp.commands.common import (
    CommandGroup,
    as_json_option,
    operator,
    print_json,
    printable,
)
from creditsapp.formatting import iso
from creditsapp.services import accounts

users_group = CommandGroup("users", help="Make and list accounts.")


@users_group.command()
@click.argument("email")
@click.option("--name", default="", help="What to call the person.")
@click.option("--password", help="8 to 128 characters; without it one is made up and printed.")
@click.option("--reason", default="", help="Why, for the audit trail.")
@click.option("--key", help="A repeat with the same key changes nothing.")
def create(email: str, name: str, password: str | None, reason: str, key: str | None) -> None:
    """Make an account, with its welcome credits."""
    chosen = password or secrets.token_urlsafe(12)
    settings = current_app.extensions["creditsapp"].settings
    user = accounts.register(
        email,
        chosen,
        name=name,
        welcome=settings.initial_free_credits,
        alert_below=settings.low_balance_credits,
        actor=operator(),
        reason=printable(reason)[:500],
        key=key,
    )
    click.echo(f"{printable(user.email)} is user {user.id}")
    if password is None and accounts.has_password(user, chosen):
        click.echo(f"password: {chosen}")


@users_group.command("list")
@as_json_option
def list_users(as_json: bool) -> None:
    """List all accounts."""
    users = accounts.everyone()
    if as_json:
        print_json(
            {
                "users": [
                    {
                        "id": user.id,
                        "email": user.email,
                        "name": user.name,
                        "createdAt": iso(user.created_at),
                    }
                    for user in users
                ]
            }
        )
        return
    for user in users:
        click.echo(f"{user.id:>6}  {printable(user.email)}  {printable(user.name)}")
