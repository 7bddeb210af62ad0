"""Which names the app answers to, and whose address it believes behind how many proxies."""

from types import SimpleNamespace

import pytest
from flask import jsonify, request

from creditsapp import limits
from tests.builders import csrf_token, register

LIVE = {
    "dodo_payments_environment": "live_mode",
    "dodo_payments_api_key": "dodo_live_abc",
    "dodo_credits_product_id": "pdt_1",
    "secret_key": "0123456789abcdef" * 4,
    "app_base_url": "https://credits.example.com",
    "welcome_requires_verified_email": False,
}
FORGED = {
    "X-Forwarded-For": "198.51.100.66, 192.0.2.2, 192.0.2.1",
    "X-Forwarded-Proto": "ftp, https, https",
    "X-Forwarded-Host": "evil.example, two.example, one.example",
    "X-Real-IP": "198.51.100.66",
    "Forwarded": "for=198.51.100.66;host=evil.example;proto=https",
}


@pytest.mark.parametrize(
    "host", ["credits.example.com", "credits.example.com:443", "127.0.0.1:8000"]
)
def test_its_own_name_and_this_machine_are_answered(make_app, host):
    client = make_app(**LIVE).test_client()
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "credits.example.com.evil.example", "xcredits.example.com", "192.0.2.1", ""]
    + ["credits.example.com@evil.example", 'a"><script>', "a b", "x/y", "credits.example.com:port"],
)
def test_a_foreign_name_is_400_in_plain_words(make_app, host):
    client = make_app(**LIVE).test_client()
    for path in ("/", "/credits/purchase", "/nothing", "/static/app.js"):
        answer = client.get(path, headers={"Host": host})
        assert (answer.status_code, answer.mimetype) == (400, "text/plain")
        assert "name" in answer.text and host not in answer.text.split() and "<" not in answer.text
    answer = client.get("/api/webhooks/dodo", headers={"Host": host})
    assert (answer.status_code, answer.json["error"]) == (400, "bad_request")
    assert "Location" not in answer.headers


@pytest.mark.parametrize("host", ["10.0.0.12:8000", "app-2.internal", ""])
def test_a_balancer_asks_for_health_by_any_name(make_app, host):
    client = make_app(**LIVE, proxy_hops=1).test_client()
    for headers in ({"Host": host}, {"Host": "localhost", "X-Forwarded-Host": host}):
        answers = [client.get(path, headers=headers) for path in ("/healthz", "/readyz")]
        assert [answer.json for answer in answers] == [{"status": "ok"}] * 2


@pytest.mark.parametrize("host", ["a..b", ".", "x" * 64 + ".example", "a b", 'a"b', "u@h", "h/x"])
def test_without_an_address_of_its_own_it_takes_plain_names_only(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 400
    assert client.get("/", headers={"Host": "192.168.1.20:8000"}).status_code == 200


def test_links_out_of_the_app_have_its_own_address_whatever_the_request_says(make_app, monkeypatch):
    seen = []

    def order(_dodo, _offer, _buyer, _dollars, pages, **_more):
        seen.append(pages)
        return SimpleNamespace(checkout_url="https://checkout.dodopayments.com/x")

    monkeypatch.setattr("creditsapp.credits.ordering.checkout.order", order)
    client = make_app(**LIVE, proxy_hops=1).test_client()
    register(client)
    page = client.get("/credits/purchase").text
    fields = {"csrf_token": csrf_token(page), "dollar_amount": "5", "form_key": "k"}
    evil = {"X-Forwarded-Host": "evil.example"}
    assert client.post("/credits/purchase", data=fields, headers=evil).status_code == 400
    near = {"X-Forwarded-Host": "localhost"}
    assert client.post("/credits/purchase", data=fields, headers=near).status_code == 303
    (pages,) = seen
    assert pages.success.startswith("https://credits.example.com/")
    assert pages.cancel.startswith("https://credits.example.com/")


@pytest.mark.parametrize(
    ("hops", "address", "scheme", "host"),
    [
        (0, "203.0.113.9", "http", "localhost"),
        (1, "192.0.2.1", "https", "one.example"),
        (2, "192.0.2.2", "https", "two.example"),
    ],
)
def test_only_what_trusted_proxies_added_is_believed(make_app, hops, address, scheme, host):
    app = make_app(proxy_hops=hops)
    app.add_url_rule(
        "/seen", "seen", lambda: jsonify([limits._client(), request.scheme, request.host])
    )
    peer = {"REMOTE_ADDR": "203.0.113.9"}
    seen = app.test_client().get("/seen", headers=FORGED, environ_base=peer).json
    assert seen == [address, scheme, host]


def test_a_forged_address_does_not_get_around_a_limit(make_app, monkeypatch):
    monkeypatch.setattr(limits, "register", limits.Limit("forged", client="3 per hour"))
    client = make_app(proxy_hops=1).test_client()
    token = csrf_token(client.get("/auth/register").text)

    def tries(forged, real):
        fields = {"csrf_token": token, "email": "no address", "password": "correct horse"}
        forwarded = {"X-Forwarded-For": f"{forged}, {real}"}
        return client.post("/auth/register", data=fields, headers=forwarded).status_code

    assert [tries(f"198.51.100.{n}", "192.0.2.1") for n in range(5)] == [422] * 3 + [429] * 2
    assert tries("198.51.100.1", "192.0.2.2") == 422
