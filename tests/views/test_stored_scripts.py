"""What people type is shown as it was typed, wherever it comes up again, and runs nowhere."""

import csv
import io
import json
import re

import html5lib
import pytest
from markupsafe import escape

from creditsapp.credits.csv_export import defused
from creditsapp.services import accounts, creations, holds, ledger
from tests.builders import csrf_token, make_purchase, register
from tests.gallery.making import make_one

ENDING = ("/auth/logout", "/auth/sign-out-everywhere")
MARK = "xss-mark"
HOSTILE = [
    f"<script {MARK}>alert(1)</script>",
    f"\"'><img {MARK} src=x onerror=alert(1)>",
    f"</title></textarea></script><svg {MARK} onload=alert(1)>",
    f'" {MARK} autofocus onfocus=alert(1) x="',
    f"' {MARK} onmouseover=alert(1) x='",
    f"=cmd|' /C calc'!A0 {MARK}",
    f"<a {MARK} href=javascript:alert(1)>{{{{7*7}}}}</a>",
    f"<!-- {MARK} --><style {MARK}>*{{display:none}}</style>",
    f"[a](javascript:alert(1)) ![b](data:text/html,{MARK}) <{MARK}>",
]


def intrusions(html):
    """Elements and attributes that a page has from what somebody typed."""
    root = html5lib.parse(html, namespaceHTMLElements=False)
    found = []
    for element in root.iter():
        if not isinstance(element.tag, str):
            found += ["a comment"] if MARK in (element.text or "") else []
            continue
        names = [element.tag, *element.keys()]
        found += [name for name in names if MARK in name or name.startswith("on")]
        found += [
            value for value in element.attrib.values() if value.strip().startswith("javascript:")
        ]
        if element.tag in ("script", "style") and MARK in (element.text or ""):
            found.append(f"{element.tag} with it")
    return found


@pytest.fixture
def written(app, client):
    """Somebody who has typed hostile things everywhere; the paths of all their own pages."""
    register(client, "ada@example.com")
    paths = []
    with app.app_context():
        user = accounts.by_email("ada@example.com").id
        ledger.grant(user, 500, description=HOSTILE[0], actor=HOSTILE[1][:120])
        for words in HOSTILE:
            accounts.change_name(user, words)
            ledger.adjust(user, -1, description=words, actor=words[:120])
            ledger.spend(user, 1, operation=words[:64], description=words)
            holds.hold(user, 1, operation="image_generation", description=words)
            text = f"# {words}\n\n{words}\n\n|{words}|\n|--|\n|{words}|\n\n```{words}\n{words}\n"
            made = [make_one(user, "theme_generation", prompt=words)]
            made += [
                make_one(user, "document_conversion", text=text, format=each)
                for each in ("html", "docx")
            ]
            paths += [f"/studio/creations/{each}" for each in made]
        hold = holds.hold(user, 1, operation=HOSTILE[1][:64])
        odd, _entry = creations.keep(
            user,
            hold.id,
            operation=HOSTILE[1][:64],
            title=HOSTILE[1],
            media_type="text/plain",
            extension="txt",
            content=HOSTILE[0].encode(),
        )
        order = make_purchase(user).id
    paths += [f"/studio/creations/{odd.id}", f"/credits/purchases/{order}"]
    paths += [rule.rule for rule in app.url_map.iter_rules() if not rule.arguments]
    return [path for path in paths if path not in ("/credits/export.csv", "/api/openapi.json")]


def test_no_page_takes_what_was_typed_for_its_own(client, written):
    shown = 0
    asked = [(path, {}) for path in written]
    asked += [(f"{path}/preview", {}) for path in written if "/creations/" in path]
    names = "q operation next prompt style text format type from to before status dollars lang"
    pages = [path for path in written if "/creations/" not in path]
    asked += [
        (path, dict.fromkeys(names.split(), words)) for path in pages for words in HOSTILE[:3]
    ]
    for path, query in asked:
        answer = client.get(path, query_string=query, buffered=True)
        if answer.status_code == 405:
            continue
        assert all(MARK not in value for _name, value in answer.headers), (path, answer.headers)
        if answer.mimetype in ("text/html", "image/svg+xml"):
            assert intrusions(answer.text) == [], (path, query)
            shown += MARK in answer.text
        else:
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert answer.mimetype in ("application/json", "text/plain"), path
        if path.endswith("/preview") and answer.status_code == 200:
            assert "sandbox" in answer.headers["Content-Security-Policy"], path
    assert shown > len(HOSTILE)


def test_no_form_that_is_shown_again_takes_it_for_its_own(client, written):
    token = csrf_token(client.get("/studio/").text)
    pages = [path for path in written if "/creations/" not in path and path not in ENDING]
    shown = 0
    for path in pages:
        names = set(re.findall(r'name="(\w+)"', client.get(path, buffered=True).text))
        names -= {"csrf_token"}
        for words in HOSTILE[:4]:
            fields = dict.fromkeys(names, words) | {"csrf_token": token}
            answer = client.post(path, data=fields)
            if answer.status_code == 405:
                break
            if answer.mimetype == "text/html":
                assert intrusions(answer.text) == [], (path, words)
                shown += MARK in answer.text
    assert shown > 4
    assert client.get("/auth/account").status_code == 200  # still signed in


def test_files_and_json_carry_it_as_text(client, written):
    rows = list(csv.reader(io.StringIO(client.get("/credits/export.csv").text)))
    cells = {cell for row in rows for cell in row if MARK in cell}
    assert {defused(words) for words in HOSTILE} <= cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    answer = client.get("/api/credits?limit=200")
    assert answer.mimetype == "application/json"
    descriptions = {entry["description"] for entry in json.loads(answer.text)["transactions"]}
    assert set(HOSTILE) <= descriptions
    for path in written:
        if "/creations/" in path:
            file = client.get(path + "/download")
            assert file.headers["Content-Disposition"].startswith("attachment; filename="), path
            assert "sandbox" in file.headers["Content-Security-Policy"], path
            if file.mimetype == "text/html":
                assert intrusions(file.text) == [], path


def test_what_is_not_escaped_is_found_out():
    places = ("<p>{}</p>", '<p title="{}">', "<p title='{}'>", "<title>{}</title>")
    for words in HOSTILE[:5]:
        assert any(intrusions(place.format(words)) for place in places), words
        assert not any(intrusions(place.format(escape(words))) for place in places), words
    assert intrusions("<a href=' javascript:alert(1)'>x</a>") == [" javascript:alert(1)"]
