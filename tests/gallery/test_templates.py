"""Templates hold nothing that is not used, and use nothing that is not there."""

import re

import pytest
from jinja2 import nodes

from creditsapp import create_app
from tests.conftest import settings_for
from tests.servers import ROOT

PACKAGE = ROOT / "creditsapp"
TEMPLATES = PACKAGE / "templates"
SOURCES = {str(path.relative_to(TEMPLATES)): path.read_text() for path in TEMPLATES.rglob("*.html")}
PYTHON = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
MOST_LINES = 60

every_template = pytest.mark.parametrize("name", sorted(SOURCES))


@pytest.fixture(scope="module")
def app():
    return create_app(settings_for("sqlite://"))


@pytest.fixture(scope="module")
def parsed(app):
    return {name: app.jinja_env.parse(source) for name, source in SOURCES.items()}


def loaded(tree):
    """The names that a template, or a part of one, uses."""
    return {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}


@every_template
def test_no_template_is_long(name):
    assert len(SOURCES[name].splitlines()) <= MOST_LINES


@every_template
def test_every_template_is_shown_by_something(name):
    others = "\n".join(source for other, source in SOURCES.items() if other != name)
    assert f'"{name}"' in others + PYTHON


@every_template
def test_every_import_is_used(parsed, name):
    imported = {
        given[-1] if isinstance(given, tuple) else given
        for found in parsed[name].find_all(nodes.FromImport)
        for given in found.names
    }
    assert imported - loaded(parsed[name]) == set()


@every_template
def test_every_macro_is_used(parsed, name):
    used = {
        given[0] if isinstance(given, tuple) else given
        for tree in parsed.values()
        for found in tree.find_all(nodes.FromImport)
        if found.template.value == name
        for given in found.names
    }
    macros = {macro.name: macro for macro in parsed[name].find_all(nodes.Macro)}
    for part in (*macros.values(), *parsed[name].body):
        if not isinstance(part, nodes.Macro) or part.name in used:
            used |= loaded(part) - {getattr(part, "name", None)}
    assert macros.keys() - used == set()


@every_template
def test_every_endpoint_exists(app, name):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    blueprints = "|".join(app.blueprints)
    named = set(re.findall(rf"""["']((?:{blueprints})\.\w+)["']""", SOURCES[name]))
    named |= set(re.findall(r"""url_for\(["']([\w.]+)["']""", SOURCES[name]))
    assert named - endpoints == set()
