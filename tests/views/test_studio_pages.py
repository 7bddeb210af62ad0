"""The pages of the studio: what was made, one by one and all together, and the way to the next."""

import io
import re
from contextlib import contextmanager

import pytest
from PIL import Image
from sqlalchemy import event

from creditsapp.extensions import db
from creditsapp.formatting import file_size
from creditsapp.studio import views
from creditsapp.studio.operation import Result, TextField, operation
from creditsapp.studio.operations import OPERATIONS
from tests.builders import csrf_token, register


@pytest.fixture
def person(client):
    """Somebody signed in, with 50 credits."""
    register(client)
    client.csrf = csrf_token(client.get("/studio/").text)
    return client


def make(person, name="theme_generation", **fields):
    """Pay for something; the address of its page."""
    fields = fields or {"prompt": "the sea"}
    answer = person.post(
        f"/api/operations/{name}", json=fields, headers={"X-CSRFToken": person.csrf}
    )
    assert answer.status_code == 201, answer.text
    return answer.json["resultUrl"]


def titles(html):
    return re.findall(r'<a class="card-link" href="/studio/creations/[^"]+"><bdi>(.*?)</bdi>', html)


@contextmanager
def statements(app):
    """What is asked of the database meanwhile."""
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_all_creations_are_listed_newest_first_on_pages_that_link_on(person, monkeypatch):
    monkeypatch.setattr(views, "PAGE", 2)
    for number in range(5):
        make(person, prompt=f"sea {number}")
    address, seen = "/studio/creations", []
    while address:
        page = person.get(address)
        assert page.headers["Cache-Control"] == "no-store"
        seen.append(titles(page.text))
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        address = older and older.group(1)
    assert seen == [["sea 4", "sea 3"], ["sea 2", "sea 1"], ["sea 0"]]


def test_the_studio_shows_the_latest_and_links_to_all(person, monkeypatch):
    monkeypatch.setattr(views, "LATEST", 2)
    assert 'href="/studio/creations"' not in person.get("/studio/").text
    for number in range(3):
        make(person, prompt=f"sea {number}")
    page = person.get("/studio/").text
    assert titles(page) == ["sea 2", "sea 1"]
    assert 'href="/studio/creations"' in page


def test_creations_are_chosen_by_what_made_them(person):
    make(person)
    make(person, "document_conversion", text="# Report", format="html")
    page = person.get("/studio/creations?operation=document_conversion").text
    assert titles(page) == ["Report"]
    assert re.search(r'aria-current="true">Document conversion <span class="count">1<', page)
    assert re.search(r'href="/studio/creations">All <span class="count">2<', page)


@pytest.mark.parametrize("operation", ["unknown", "image_generation", "a\1b", "é" * 500])
def test_what_nothing_was_made_with_shows_nothing(person, operation):
    make(person)
    page = person.get("/studio/creations", query_string={"operation": operation})
    assert page.status_code == 200 and titles(page.text) == []
    assert "Nothing of this kind yet" in page.text


@pytest.mark.parametrize("before", ["x", "-1", "²", "9" * 19])
def test_a_broken_link_to_older_creations_is_refused(person, before):
    page = person.get("/studio/creations", query_string={"before": before})
    assert page.status_code == 400 and "This link to older creations is broken." in page.text


def test_without_anything_older_the_way_leads_to_the_newest(person):
    make(person)
    page = person.get("/studio/creations?before=1").text
    assert "Nothing older" in page and ">Newest</a>" in page


def test_a_list_asks_as_much_for_many_as_for_one_and_loads_no_files(person):
    asked = []
    for prompts in (["a"], ["b", "c", "d"]):
        for prompt in prompts:
            make(person, prompt=prompt)
        for address in ("/studio/", "/studio/creations"):
            with statements(person.application) as during:
                assert len(titles(person.get(address).text)) >= len(prompts)
            asked.append(len(during))
            assert not any("content" in each for each in during)
    assert asked[:2] == asked[2:]


def test_nobody_sees_what_others_made(person, app):
    address = make(person)
    other = app.test_client()
    register(other)
    assert titles(other.get("/studio/creations").text) == []
    for part in ("", "/thumbnail", "/preview", "/download"):
        assert other.get(address + part).status_code == 404
        assert app.test_client().get(address + part).status_code == 302


def test_a_new_user_is_told_what_there_is_to_try(person):
    for address in ("/studio/", "/studio/creations"):
        page = " ".join(person.get(address).text.split())
        assert "You have 50 welcome credits.</p> <p>The first thing to try costs 1 credit." in page
        assert '<a class="button" href="/studio/theme_generation">Generate theme</a>' in page


def test_without_credits_the_empty_studio_leads_to_buying(make_app):
    client = make_app(initial_free_credits=0).test_client()
    register(client)
    page = client.get("/studio/").text
    assert "You need 1 credit for the first thing." in page
    assert '<a class="button" href="/credits/purchase">Buy credits</a>' in page


def test_a_picture_comes_small_to_its_card_and_whole_to_its_page(person):
    address = make(person, "image_generation", prompt="hills")
    small, whole = person.get(f"{address}/thumbnail"), person.get(f"{address}/preview")
    assert Image.open(io.BytesIO(small.data)).size == (480, 300)
    assert (small.mimetype, whole.mimetype) == ("image/webp", "image/png")
    assert len(small.data) < len(whole.data) / 4
    assert small.headers["Content-Security-Policy"].startswith("sandbox;")
    page = person.get(address).text
    assert 'alt="hills" width="1024" height="640"' in page
    assert "1,024 × 640 pixels" in page
    assert f"Download PNG, {file_size(len(whole.data))}" in page


def test_a_theme_shows_every_colour_with_its_value_and_contrast(person):
    address = make(person, prompt="ruby")
    page, css = person.get(address).text, person.get(f"{address}/download").text
    rows = re.findall(
        r"<code>([\w-]+)</code>\s*</th>\s*<td><code>(#\w{6})<.*?<td>(.*?)</td>", page, re.S
    )
    assert [(role, color) for role, color, _ in rows] == re.findall(
        r"--color-([\w-]+): (#\w+);", css
    )
    assert all(f'fill="{color}"' in page for _, color, _ in rows)
    contrasts = [float(shown.split()[0]) for _, _, shown in rows if shown != "–"]
    assert len(contrasts) == 14 and min(contrasts) >= 4.5
    assert person.get(f"{address}/thumbnail").mimetype == "image/svg+xml"


@pytest.mark.parametrize(
    ("format", "said"), [("html", "2 slides."), ("docx", "4 words."), ("pdf", "A PDF of 1 page")]
)
def test_a_document_says_how_long_it_is(person, format, said):  # noqa: A002
    address = make(person, "document_conversion", text="# One two\n\n## Three four", format=format)
    page = person.get(address).text
    assert said in page
    assert ("<iframe" in page) == (format != "pdf")
    assert person.get(f"{address}/thumbnail").status_code == 404
    assert person.get(f"{address}/preview").status_code == (404 if format == "pdf" else 200)


def test_a_result_leads_to_its_entry_in_the_ledger(person):
    page = person.get(make(person)).text
    assert 'href="/credits/?before=3#entry-2">1 credit<' in page


@pytest.mark.parametrize(
    ("prompt", "again"),
    [
        ("a calm sea", "?prompt=a+calm+sea"),
        ("ends  with spaces within", "?prompt=ends++with+spaces+within"),
        ("first line\nsecond line", "?prompt=first+line%0Asecond+line"),
        ("a" * 400, "?prompt=" + "a" * 400),
        ("a" * 500, ""),
        ("cut…", ""),
    ],
)
def test_making_another_starts_from_what_was_typed_if_that_is_known(person, prompt, again):
    page = person.get(make(person, prompt=prompt)).text
    assert f'href="/studio/theme_generation{again}">Make another</a>' in page


def test_examples_are_links_that_fill_the_form(person):
    page = person.get("/studio/image_generation").text
    address = re.search(r'<a href="(/studio/image_generation\?prompt=[^"]+)">A sailing', page)
    filled = person.get(address.group(1).partition("#")[0]).text
    assert re.search(r"<textarea[^>]+>\s*A sailing boat at sunset</textarea>", filled)


def test_a_field_says_its_limit_for_what_is_dropped_on_it(person):
    page = person.get("/studio/image_restyle").text
    assert 'data-controller="drop" data-drop-limit-value="8000000"' in page
    assert re.search(r'type="file" name="image"[^<]+describedby="field-image-hint ', page)


def test_titles_in_any_script_stand_by_themselves(person):
    prompt = "שלום (עולם) 🎉 <b>&"
    page = person.get(make(person, prompt=prompt)).text
    shown = "שלום (עולם) 🎉 &lt;b&gt;&amp;"
    assert f"<h1><bdi>{shown}</bdi></h1>" in page
    assert f"<title>{shown} – " in page


def test_plain_texts_of_an_operation_may_hold_any_sign(make_app, monkeypatch):
    @operation(
        title="Q&A, 100 %s",
        action="Ask <it>",
        noun=("answer", "answers"),
        summary="50% off",
        cost=1,
        fields=[TextField("text", "Text & more", max_length=9, examples=("5% off",))],
    )
    def ask(text):
        return Result(text, "text/plain", "txt", text.encode())

    monkeypatch.setitem(OPERATIONS, "ask", ask)
    person = make_app().test_client()
    register(person)
    person.csrf = csrf_token(person.get("/studio/").text)
    page = person.get("/studio/ask").text
    for shown in ("<h1>Q&amp;A, 100 %s</h1>", "50% off", "Text &amp; more", "Ask &lt;it&gt;,"):
        assert shown in page
    assert 'href="/studio/ask?text=5%25+off#field-text">5% off</a>' in page
    assert "Q&amp;A, 100 %s" in person.get("/studio/").text
    assert person.get(make(person, "ask", text="why")).status_code == 200


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 kB"), (1, "1 kB"), (240_400, "241 kB"), (999_999, "1,000 kB"), (1_250_000, "1.3 MB")],
)
def test_sizes_of_files_are_said_in_units_that_people_know(count, shown):
    assert file_size(count) == shown
