"""Every page in the reader's language."""

import io
import subprocess
import sys
from decimal import Context, Decimal, localcontext
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask

from creditsapp.formatting import counted, dollars, money, number
from creditsapp.services.errors import InsufficientCredits
from creditsapp.translation import LANGUAGES
from tests.builders import csrf_token, register

ROOT = Path(__file__).parent.parent
TEXTS = ROOT / "creditsapp" / "translations"
OTHERS = [language for language in LANGUAGES if language != "en"]
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def catalogue(path, language=None):
    with path.open("rb") as file:
        return read_po(file, locale=language)


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Every text that the source marks for translation."""
    found = tmp_path_factory.mktemp("texts") / "messages.pot"
    keywords = ["--keywords", "plural:1,2", "--keywords", "lazy_gettext"]
    command = [sys.executable, "-m", "babel.messages.frontend", "--quiet", "extract"]
    options = ["--mapping", "pyproject.toml", *keywords, "--output", str(found), "creditsapp"]
    subprocess.run(command + options, cwd=ROOT, check=True)
    return catalogue(found)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(texts, language):
    translated = catalogue(TEXTS / language / "LC_MESSAGES" / "messages.po", language)
    wanted = {message.id for message in texts if message.id}
    assert wanted - {message.id for message in translated if message.id} == set()
    assert {message.id for message in translated if message.id} - wanted == set()
    for message in translated:
        if message.id:
            forms = message.string if message.pluralizable else (message.string,)
            assert all(forms) and not message.fuzzy, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_numbers_and_names_of_its_text(language):
    translated = catalogue(TEXTS / language / "LC_MESSAGES" / "messages.po", language)
    assert [(message.id, errors) for message, errors in translated.check()] == []
    for message in translated:
        if message.id and message.pluralizable:
            assert {"{n}" in form for form in message.string} == {"{n}" in message.id[1]}
        elif message.id:
            assert ("{n}" in message.id) == ("{n}" in message.string), message.id


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_served_is_what_the_translators_wrote(language):
    folder = TEXTS / language / "LC_MESSAGES"
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(folder / "messages.po", language))
    assert compiled.getvalue() == (folder / "messages.mo").read_bytes(), "run `make translations`"


def test_the_browser_says_which_language_is_read(client):
    assert '<html lang="en">' in client.get("/").text
    german = client.get("/", headers=GERMAN)
    assert '<html lang="de">' in german.text and "Konto anlegen" in german.text
    assert german.headers["Content-Language"] == "de"
    assert {"Accept-Language", "Cookie"} <= set(german.vary)
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "fr"}).text


def test_a_reader_chooses_another_language_and_it_stays(client):
    assert '<html lang="de">' in client.get("/?lang=de").text
    assert '<html lang="de">' in client.get("/auth/login").text
    assert '<html lang="en">' in client.get("/auth/login?lang=en", headers=GERMAN).text
    assert '<html lang="en">' in client.get("/auth/login", headers=GERMAN).text


@pytest.mark.parametrize("odd", ["xx", "", "../de", "D" * 500])
def test_a_language_that_there_is_not_changes_nothing(client, odd):
    answer = client.get("/", query_string={"lang": odd})
    assert answer.status_code == 200 and '<html lang="en">' in answer.text
    assert "language=" not in answer.headers.get("Set-Cookie", "")
    client.set_cookie("language", odd)
    assert client.get("/").status_code == 200


def test_the_other_language_keeps_the_rest_of_the_address(client):
    register(client)
    page = client.get("/credits/?type=usage&before=7").text
    assert 'href="?type=usage&amp;before=7&amp;lang=de"' in page


def test_refusals_are_in_the_language_of_the_reader(make_app):
    client = make_app(initial_free_credits=3).test_client()
    register(client)
    headers = {"X-CSRFToken": csrf_token(client.get("/studio/").text)}
    wish = {"path": "/api/operations/image_generation", "json": {"prompt": "hills"}}
    english = client.post(**wish, headers=headers)
    german = client.post(**wish, headers=headers | GERMAN)
    assert english.json["error"] == german.json["error"] == "insufficient_credits"
    assert "Missing: 2 credits." in english.json["message"]
    assert "2 Credits" in german.json["message"]


def test_numbers_and_money_are_written_as_the_language_does(app):
    def written():
        return (
            number(-1234567),
            number(45),
            dollars(1000),
            money(500),
            counted(1, ("page", "pages")),
        )

    with app.test_request_context():
        assert written() == ("−1,234,567", "45", "$1,000", "$5.00", "1 page")
    with app.test_request_context(headers=GERMAN):
        assert written()[:4] == ("−1.234.567", "45", "1.000\xa0$", "5,00\xa0$")


@pytest.mark.parametrize(
    ("currency", "written"),
    [("JPY", "¥58,600"), ("RSD", "RSD586.00"), ("KWD", "KWD58.600"), ("IQD", "IQD58.600")],
)
def test_money_has_the_decimals_of_its_currency(app, currency, written):
    with app.test_request_context():
        assert money(58600, currency) == written


def test_numbers_are_exact_whatever_the_callers_decimal_context_rounds():
    with localcontext(Context(prec=2)):
        assert number(Decimal("999999999999.9999")) == "999,999,999,999.9999"


def test_an_app_that_speaks_no_other_language_is_answered_in_english():
    with Flask("other").app_context():
        assert "needs 5 credits" in str(InsufficientCredits(Decimal(5), Decimal(3), Decimal(3)))
    assert "needs 5 credits" in str(InsufficientCredits(Decimal(5), Decimal(3), Decimal(3)))
