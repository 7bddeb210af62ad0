"""What all commands share: one clear line for every refusal, exact amounts, plain JSON."""

import os
import pwd
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError, SQLAlchemyError

from creditsapp.dodo.errors import DodoFailed
from creditsapp.models.types import InvalidAmount, as_credits
from creditsapp.services.checkpoints import BrokenCheckpoint
from creditsapp.services.errors import ServiceError
from creditsapp.services.keys import InvalidKey

LOGIN_UID = Path("/proc/self/loginuid")  # Linux, proc_pid_loginuid(5): stays through su and sudo
NOBODY_SIGNED_IN = 2**32 - 1


class CommandGroup(AppGroup):
    """A group whose commands answer a refusal with one line on stderr and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except REFUSALS as error:
            raise click.ClickException(refusal(error)) from None


REFUSALS = (ServiceError, InvalidKey, InvalidAmount, BrokenCheckpoint, SQLAlchemyError)


def refusal(error: Exception) -> str:
    """What went wrong, in one line that is safe for a terminal."""
    if isinstance(error, DodoFailed):
        return printable(f"Dodo failed: {error.detail}")
    if isinstance(error, OperationalError | InterfaceError):
        return _first_line(error, "the database does not answer")
    if isinstance(error, ProgrammingError):
        return _first_line(error, "the database is not migrated")
    if isinstance(error, SQLAlchemyError):
        return _first_line(error, "the database refused")
    if isinstance(error, REFUSALS):
        return printable(str(error))
    return printable(f"{type(error).__name__}: {error}")


def _first_line(error: Exception, what: str) -> str:
    reason = printable(str(getattr(error, "orig", error)).strip().split("\n")[0])
    if "no such table" in reason:
        what = "the database is not migrated"
    return f"{what}: {reason}"


class CreditsType(click.ParamType):
    """An amount of credits, exact, signed or not."""

    name = "amount"

    def __init__(self, *, signed: bool = False) -> None:
        self.signed = signed

    def convert(self, value: Any, param: Any, ctx: Any) -> Decimal:
        """The amount, or a usage error in words."""
        try:
            amount = as_credits(Decimal(value))
        except (InvalidOperation, ValueError):
            self.fail(f"{printable(str(value))} is not an amount with at most 4 decimals")
        if amount == 0 or (amount < 0 and not self.signed):
            self.fail("the amount is not zero" if self.signed else "the amount is above zero")
        return amount


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def why(reason: str) -> str:
    """A reason as it is kept, or a usage error."""
    kept = printable(reason.strip())[:500]
    if not kept:
        raise click.UsageError("--reason must say why")
    return kept


def printable(text: str) -> str:
    """A text without control characters, safe for a terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def print_json(value: Any) -> None:
    """Print one JSON object, numbers exact."""
    click.echo(current_app.json.dumps(value, ensure_ascii=True))


def operator() -> str:
    """Who runs this command: `user@host`, and who became another user, `person@host as user`."""
    user = _user_name(os.geteuid())
    person = _signed_in() or user
    acting = f" as {user}" if person != user else ""
    return f"{_word(person)}@{_word(socket.gethostname())}{acting}"[:120]


def _signed_in() -> str:
    """Who signed in to this machine, as the kernel keeps it; else, to root alone, what sudo says.

    Anybody can set SUDO_USER; who is root could do without it.
    """
    with suppress(OSError, ValueError):
        signed_in = int(LOGIN_UID.read_text())
        if signed_in != NOBODY_SIGNED_IN:
            return _user_name(signed_in)
    return os.environ.get("SUDO_USER", "") if os.geteuid() == 0 else ""


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _word(name: str) -> str:
    return printable(name).replace(" ", "_")[:48]


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A function that shows how many of how many are done, where somebody is looking."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show


@contextmanager
def written(output: Path) -> Iterator[IO[str]]:
    """A file to write that has its name only once it is complete; `-` is standard output."""
    if str(output) == "-":
        yield sys.stdout
        return
    plain = output.is_file() or not output.exists()  # a device or a pipe must stay what it is
    part = output.with_name(f"{output.name}.part") if plain else output
    try:
        with part.open("w", newline="", encoding="utf-8") as stream:
            yield stream
            stream.flush()
            if plain:
                os.fsync(stream.fileno())
        if plain:
            part.replace(output)
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from None
    finally:
        if plain:
            part.unlink(missing_ok=True)
