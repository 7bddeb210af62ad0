"""The operators' commands: exit 0 done, 1 refused or a problem found, 2 wrong usage."""

from flask import Flask

from creditsapp.commands import (  # noqa: F401  (their commands join the credits group)
    audit,
    closing,
    doctor,
    grants,
    keeping,
    orders,
    proving,
    reconciling,
    refunds,
    reports,
)
from creditsapp.commands.credits import credits_group
from creditsapp.commands.mail import mail_group
from creditsapp.commands.sandbox import sandbox_group
from creditsapp.commands.users import users_group
from creditsapp.commands.webhooks import webhooks_group


def register_commands(app: Flask) -> None:
    """Add the command groups to `flask`."""
    for group in (credits_group, webhooks_group, users_group, mail_group, sandbox_group):
        app.cli.add_command(group)
