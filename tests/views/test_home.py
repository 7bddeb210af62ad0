"""The landing page, as visitors see it."""

import html
import re

import pytest

from tests.builders import register


def words(client, **headers):
    page = client.get("/", headers=headers)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", page.text)))


def test_it_says_what_things_cost_and_what_dollars_buy(client):
    shown = words(client)
    for text in ("Image generation", "5 credits", "$1 20 credits", "4 images or 20 themes", "$10"):
        assert text in shown
    assert "You begin with 50 credits. No card is needed." in shown
    assert 'href="/auth/register"' in client.get("/").text


def test_the_example_of_a_ledger_adds_up(client):
    example = client.get("/").text.partition("<figure")[2].partition("</figure>")[0]
    amounts = re.findall(r">([+−]\d+)</dd>", example)
    assert amounts == ["+50", "+100", "−1", "−5"]
    assert "144 credits" in example


def test_the_example_spends_no_more_than_it_has(make_app):
    client = make_app(initial_free_credits=0, credit_costs={"THEME_GENERATION": 101}).test_client()
    example = client.get("/").text.partition("<figure")[2].partition("</figure>")[0]
    assert re.findall(r">([+−]\d+)</dd>", example) == ["+100", "−5"]


@pytest.mark.parametrize(
    ("least", "most", "sums"),
    [(1, 500, ["$1", "$5", "$10"]), (2, 8, ["$5"]), (20, 500, ["$20"]), (1, 1, ["$1"])],
)
def test_only_sums_on_offer_are_shown(make_app, least, most, sums):
    app = make_app(min_purchase_dollars=least, max_purchase_dollars=most)
    page = app.test_client().get("/").text
    assert re.findall(r'class="price-dollars">([^<]+)<', page) == sums


def test_no_credits_are_promised_where_there_are_none(make_app):
    client = make_app(initial_free_credits=0).test_client()
    assert "You begin with" not in words(client)
    assert "Welcome credits" not in words(client)
    assert "You begin with" not in client.get("/auth/register").text


def test_credits_that_wait_for_a_confirmed_address_are_not_promised_at_once(make_app):
    client = make_app(welcome_requires_verified_email=True).test_client()
    assert "50 credits, once your address is confirmed." in words(client)
    assert "50 credits, once your address is confirmed." in client.get("/auth/register").text


def test_the_samples_are_small_pictures_with_their_size_and_words(client):
    pictures = re.findall(r'<img src="(/static/samples/[^"]+)"([^>]*)>', client.get("/").text)
    assert len(pictures) == 4
    weight = 0
    for address, attributes in pictures:
        assert re.search(r'alt="[^"]{10,}"', attributes)
        assert 'width="512" height="320"' in attributes
        with client.get(address) as picture:
            assert picture.mimetype == "image/webp"
            weight += len(picture.data)
    assert weight < 30_000


def test_who_is_signed_in_goes_to_the_studio(client):
    register(client)
    assert client.get("/").headers["Location"] == "/studio/"
