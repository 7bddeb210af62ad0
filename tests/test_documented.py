"""Commands, settings, make targets and files that the documentation names are there."""

import re
import shlex
from itertools import takewhile
from urllib.parse import unquote

import click
import pytest

from creditsapp import create_app
from creditsapp.settings import ROOT, Settings
from creditsapp.studio.operations import OPERATIONS
from tests.conftest import settings_for

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LANGUAGES = {"python", "json", "sql"}  # what is no shell
INLINE = re.compile(r"`([^`\n]+)`")
INDENTED = re.compile(r"^    (\S.*)$", re.MULTILINE)
AS = r"(?:sudo|runuser) -u \w+ (?:-- )?"  # somebody else
NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
FOREIGN = {"WORD_COUNT"}  # the name of an operation that is an example
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def shell_lines(page):
    """What a page shows to be typed: lines of its blocks, and words in its text."""
    words = page.read_text()
    for language, block in FENCED.findall(words):
        if language not in LANGUAGES:
            yield from block.replace("\\\n", " ").splitlines()
    rest = FENCED.sub("", words)
    yield from INLINE.findall(rest)
    yield from INDENTED.findall(rest)


def commands(page, program):
    """The words after each mention of a program, up to the end of that command."""
    for line in shell_lines(page):
        for part in re.split(r"\s*(?:&&|\|\||;| \| )\s*", line.split(" # ")[0].strip()):
            words = re.sub(
                rf"^(?:\$ |{AS}|env \$\(.*?\) |[A-Z_]+=\S* |(?:/srv/credits/)?\.venv/bin/)*",
                "",
                part,
            )
            if words.startswith(f"{program} "):
                yield words


def the(pages, program):
    return sorted({(page.name, words) for page in pages for words in commands(page, program)})


@pytest.fixture(scope="module")
def known(migrated_sqlite):
    """All of the commands."""
    return create_app(settings_for(f"sqlite:///{migrated_sqlite}")).cli


@pytest.mark.parametrize(("page", "line"), the(PAGES, "flask"))
def test_a_command_that_is_shown_is_understood(page, line, known):
    words = takewhile(lambda word: word[0] not in "<>", _words(line))
    command, context = known, click.Context(known)
    left = list(words)[1:]
    while isinstance(command, click.Group) and left:
        _values, [name, *left], _order = command.make_parser(context).parse_args(left)
        command = command.get_command(context, name)
        assert command is not None, f"{page}: there is no {name} in: {line}"
        context = click.Context(command, parent=context, **command.context_settings)
    if not isinstance(command, click.Group):
        values, extra, _order = command.make_parser(context).parse_args(left)
        assert not extra, f"{page}: {extra} are too many in: {line}"
        for parameter in command.params:
            value = values.get(parameter.name)
            if isinstance(parameter.type, click.Choice) and value and not value.isupper():
                assert value in parameter.type.choices, f"{page}: {value} in: {line}"


def _words(line):
    """A command's words; what may be left out is there, and of alternatives the first."""
    plain = re.sub(r"\$\(.*?\)", "X", line.replace("[", "").replace("]", ""))
    return shlex.split(re.sub(r" / \S+| ?\\?\|[A-Z]+", "", plain))


def test_dumps_are_made_as_the_superuser_and_a_new_database_knows_both_roles():
    shown = [line for page in PAGES for line in shell_lines(page)]
    dumps = [re.findall(r"(sudo -u postgres )?pg_(?:dump|dumpall|basebackup) -", x) for x in shown]
    assert any(dumps) and all(map(all, dumps))
    made = [line for line in shown if "DATABASE_URL=postgresql" in line and "db upgrade" in line]
    assert made and all("DATABASE_OWNER_URL=" in line for line in made)


def test_no_table_of_figures_is_left_empty():
    words = (ROOT / "docs" / "scaling.md").read_text()
    assert re.findall(r"<!-- scale (\w+) -->\s*<!-- end -->", words) == []


def test_every_alert_has_its_incident():
    alerts = re.findall(r"alert: (\w+)", (ROOT / "docs" / "alerts.yml").read_text())
    incidents = (ROOT / "docs" / "incidents.md").read_text()
    assert alerts and [name for name in alerts if f"`{name}`" not in incidents] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_setting_that_is_named_is_one(page):
    known = {name.upper() for name in (*Settings.model_fields, *OPERATIONS)} | FOREIGN
    named = {name for line in shell_lines(page) for name in NAME.findall(line)}
    assert named - known == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_make_target_that_is_named_is_one(page):
    assert {words.split()[1] for words in commands(page, "make")} - TARGETS == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_file_that_is_linked_or_named_is_there(page):
    words = page.read_text()
    linked = {
        (page.parent / unquote(target)).resolve()
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", words)
    }
    named = {ROOT / path for path in re.findall(r"`((?:docs|creditsapp|tests)/[\w./-]+)`", words)}
    assert {path for path in linked | named if not path.exists()} == set()
