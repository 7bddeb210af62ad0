"""Who gets what: nobody, another user, and the owner, of every route that names a thing."""

import re

import pytest

from creditsapp.services import accounts
from tests.builders import csrf_token, make_purchase, payment_event, register, settle
from tests.databases import contents
from tests.mailbox import link
from tests.views.forms import send

KINDS = {"creation_id": "creation", "purchase_id": "order"}
# Of these, the name is nobody's own, or a secret that opens the page to whoever has it.
OPEN = {"studio.operation", "studio_api.run", "static", "auth.sent", "auth.verify", "auth.reset"}
# What the owner hears where it is not 200: the tests' Dodo does not answer.
OWNER = {"credits.invoice": 503}
MISSING = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def owner(app):
    """Ada's browser; she has a creation and a paid order."""
    client = app.test_client()
    register(client, "ada@example.com")
    token = csrf_token(client.get("/studio/").text)
    client.creation = client.post(
        "/api/operations/image_generation",
        json={"prompt": "sea"},
        headers={"X-CSRFToken": token},
    ).json["id"]
    with app.app_context():
        purchase = make_purchase(accounts.by_email("ada@example.com").id)
        settle(payment_event(purchase))
        client.order = purchase.id
    return client


@pytest.fixture
def other(app):
    """Bob's browser."""
    client = app.test_client()
    register(client, "bob@example.com")
    return client


def things(app):
    """Each route that names a thing, with its address to fill in, for every method."""
    for rule in app.url_map.iter_rules():
        if rule.arguments and rule.endpoint not in OPEN:
            assert rule.arguments <= KINDS.keys(), f"say in KINDS whose {rule} is"
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield rule.endpoint, method, re.sub("<([^>]+)>", r"{\1}", rule.rule)
    yield "credits.success", "GET", "/credits/success?purchase={purchase_id}"


def asked(client, method, path, **ids):
    headers = {"X-CSRFToken": csrf_token(client.get("/credits/").text)}
    answer = client.open(path.format(**ids), method=method, headers=headers)
    # The token tells the second in which it was made; links to other languages keep the query.
    body = re.sub(rb'(content|value)="[\w.-]+"', b"", answer.data)
    asked_for = rb"\?purchase=[\w-]+" if "?" in path else rb"^$"
    return answer.status_code, re.sub(asked_for, b"", body)


def test_another_persons_things_answer_like_missing_ones(app, owner, other, database_url):
    theirs = {"creation_id": owner.creation, "purchase_id": owner.order}
    missing = dict.fromkeys(theirs, MISSING)
    before, found = contents(database_url), 0
    for endpoint, method, path in things(app):
        found += 1
        status, body = asked(other, method, path, **theirs)
        assert (status, body) == asked(other, method, path, **missing), path
        assert status == 404, path
        assert not any(value.encode() in body for value in theirs.values()), path
        assert asked(owner, method, path, **theirs)[0] == OWNER.get(endpoint, 200), path
        stranger = app.test_client().open(path.format(**theirs), method=method)
        signs_in = "/auth/login" in stranger.headers.get("Location", "")
        assert stranger.status_code == 401 or signs_in, path
    assert found >= 8
    assert contents(database_url) == before


def test_every_unsafe_route_wants_the_token_and_changes_nothing_without(app, other, database_url):
    tokens = ("", "forged", csrf_token(app.test_client().get("/auth/login").text))
    links = {"auth.verify": link(app, "bob@example.com")}
    send(app.test_client(), "/auth/forgot", email="bob@example.com")
    links["auth.reset"] = link(app, "bob@example.com")
    before, found = contents(database_url), 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "webhooks.receive":  # signed instead
            continue
        for method in sorted(rule.methods & {"POST", "PUT", "PATCH", "DELETE"}):
            path = links.get(rule.endpoint) or re.sub("<[^>]+>", "theme_generation", rule.rule)
            for token in tokens:
                found += 1
                sent = {"json": {}} if path.startswith("/api/") else {"data": {"email": "x@y.de"}}
                if token and "data" in sent:
                    sent["data"]["csrf_token"] = token
                headers = {"X-CSRFToken": token} if token else {}
                answer = other.open(path, method=method, headers=headers, **sent)
                assert answer.status_code in (400, 422), path
                told = answer.json["error"] if answer.is_json else answer.text
                assert "csrf_failed" in told or "expired" in told, path
    assert found >= 21
    assert contents(database_url) == before
    assert "bob@example.com" in other.get("/auth/account").text


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_a_form_on_another_site_sends_nothing_here(client, site):
    token = csrf_token(client.get("/auth/register").text)
    fields = {"csrf_token": token, "email": "ada@example.com", "password": "correct horse"}
    headers = {"Sec-Fetch-Site": site}
    refused = client.post("/auth/register", data=fields, headers=headers)
    assert refused.status_code == 400 and "expired" in refused.text
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert client.post("/auth/register", data=fields, headers=headers).status_code == 303
