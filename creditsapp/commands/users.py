"""`flask users`: accounts."""

import secrets
from pathlib import Path
from typing import Any

import click
from flask import current_app

from creditsapp.commands.common import (
    CommandGroup,
    as_json_option,
    print_json,
    printable,
    written,
)
from creditsapp.commands.deciding import decided, key_option, optional_reason_option
from creditsapp.formatting import iso
from creditsapp.models import User
from creditsapp.models.types import exact
from creditsapp.personal_json import personal_json
from creditsapp.services import accounts, ledger

users_group = CommandGroup("users", help="Make accounts, look at them, close them.")


@users_group.command()
@click.argument("email")
@click.option("--name", default="", help="What to call the person.")
@click.option("--password", help="8 to 128 characters; without it one is made up and printed.")
@optional_reason_option
@key_option
def create(email: str, name: str, password: str | None, reason: str, key: str | None) -> None:
    """Make an account, with its welcome credits."""
    decision = decided(reason, key)
    chosen = password or secrets.token_urlsafe(12)
    settings = current_app.extensions["creditsapp"].settings
    user = accounts.register(
        email,
        chosen,
        name=name,
        welcome=settings.initial_free_credits,
        alert_below=settings.low_balance_credits,
        actor=decision.actor,
        reason=decision.reason,
        key=decision.key,
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
        print_json({"users": [_summary(user) for user in users]})
        return
    for user in users:
        mark = "" if user.is_active else f"  ({_status(user)})"
        click.echo(f"{user.id:>6}  {printable(user.email)}  {printable(user.name)}{mark}")


@users_group.command()
@click.argument("email")
@as_json_option
def show(email: str, as_json: bool) -> None:
    """Show an account, and what is in its wallet."""
    user = accounts.by_email(email)
    found = ledger.balance(user.id)
    about = _summary(user) | {
        "language": user.language,
        "welcome": user.welcome,
        "verifiedAt": user.verified_at and iso(user.verified_at),
        "disabledAt": user.disabled_at and iso(user.disabled_at),
        "balance": exact(found.balance),
        "held": exact(found.held),
        "available": exact(found.available),
    }
    if as_json:
        print_json(about)
        return
    for name, value in about.items():
        click.echo(f"{name + ':':<12} {printable(str(value)) if value is not None else '-'}")


def _summary(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "status": _status(user),
        "createdAt": iso(user.created_at),
    }


def _status(user: User) -> str:
    if user.erased_at is not None:
        return "erased"
    return "active" if user.disabled_at is None else "disabled"


@users_group.command()
@click.argument("email")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default="-", help="A file; else it prints."
)
def export(email: str, output: Path) -> None:
    """Write everything that is kept about a person as JSON."""
    user_id = accounts.by_email(email).id
    with written(output) as stream:
        stream.writelines(personal_json(user_id, to_operators=True))
