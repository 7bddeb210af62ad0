"""Script, stylesheets and icons fit the pages: nothing is unused there, and nothing is missing."""

import fnmatch
import re

import html5lib
import pytest

from tests.gallery.states import STATES
from tests.servers import ROOT

STATIC = ROOT / "creditsapp" / "static"
SCRIPT = "\n".join(path.read_text() for path in sorted(STATIC.rglob("*.js")))
STYLES = "\n".join(path.read_text() for path in sorted(STATIC.rglob("*.css")))

# Classes on pages that no stylesheet has, by pattern.
UNSTYLED = {
    "notice-*": "a notice's kind, and the plain one looks as all of them do",
    "amount-*": "a movement's direction, and out looks as any text does",
    "outcome-*": "an outcome's status, and only some have a colour of their own",
}


@pytest.fixture(scope="module")
def elements(gallery):
    """The elements of every page of the gallery, their attributes by name."""
    return [
        (element.tag, dict(element.items()))
        for state in STATES
        for element in html5lib.parse(
            gallery.answer(state).text, namespaceHTMLElements=False
        ).iter()
    ]


@pytest.fixture(scope="module")
def controllers():
    """The script's controllers by their names in pages, each as its source."""
    registered = re.search(r"\bstart\(\{(.*?)\}\)", SCRIPT, re.S).group(1)
    names = re.findall(r"""["']?([\w-]+)["']?: (\w+)""", registered)
    bodies = dict(
        re.findall(r"^(?:export )?class (\w+) extends Controller \{(.*?)^\}", SCRIPT, re.S | re.M)
    )
    return {name: bodies[of_class] for name, of_class in names}


def words(elements, attribute):
    return {word for _, attributes in elements for word in attributes.get(attribute, "").split()}


def test_controllers(elements, controllers):
    assert words(elements, "data-controller") == controllers.keys()


def test_actions(elements, controllers):
    used = {action.rpartition("->")[2] for action in words(elements, "data-action")}
    methods = {
        f"{name}#{method}"
        for name, body in controllers.items()
        for method in re.findall(r"^  (?:async )?([a-z]\w*)\(", body, re.M)
        if method not in ("connect", "constructor")
    }
    for_the_script = {each for each in methods if f".{each.partition('#')[2]}(" in SCRIPT}
    assert used <= methods
    assert methods - for_the_script <= used


@pytest.mark.parametrize(
    "kind, declared",
    [("target", r"static targets = \[(.*?)\]"), ("value", r"static values = \{(.*?)\}")],
)
def test_targets_and_values(elements, controllers, kind, declared):
    used = set()
    for _, attributes in elements:
        for key, value in attributes.items():
            for name in controllers:
                if kind == "target" and key == f"data-{name}-target":
                    used |= {(name, word) for word in value.split()}
                elif kind == "value" and re.fullmatch(f"data-{name}-[a-z]+-value", key):
                    used.add((name, key.split("-")[-2]))
    known = {
        (name, word)
        for name, body in controllers.items()
        for listed in re.findall(declared, body, re.S)
        for word in re.findall(r"[a-z]\w*" if kind == "target" else r"([a-z]\w*):", listed)
    }
    assert used == known


def test_icons(elements):
    drawn = set(re.findall(r'<symbol[^>]* id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    shown = {
        value.partition("#")[2]
        for tag, attributes in elements
        for key, value in attributes.items()
        if tag.endswith("use") and key.endswith("href")
    }
    assert shown == drawn


def test_classes(elements):
    preludes = re.findall(r"([^{};]+)\{", re.sub(r"/\*.*?\*/", "", STYLES, flags=re.S))
    selectors = "\n".join(each for each in preludes if not each.strip().startswith("@"))
    styled = set(re.findall(r"\.([A-Za-z][\w-]*)", selectors))
    shown = words(elements, "class") | set(re.findall(r"""classList\.\w+\(["']([\w-]+)""", SCRIPT))
    assert styled - shown == set()
    rest = shown - styled
    excused = {pattern: set(fnmatch.filter(rest, pattern)) for pattern in UNSTYLED}
    assert rest == set().union(*excused.values())
    assert all(excused.values())


def test_no_file_refers_to_another_since_names_change_with_their_content():
    assert not re.search(r"url\(|@import|@font-face", STYLES)
    assert not re.search(r"^import\b|\bimport\(|/static/", SCRIPT, re.M)
