"""The JSON interface: exact shapes, exact codes, and nothing changed by a refusal."""

import io
import json
from decimal import Decimal

import pytest

from creditsapp.extensions import db
from creditsapp.models import Hold
from creditsapp.services import holds, ledger
from creditsapp.studio.operations import OPERATIONS
from tests.builders import csrf_token, register
from tests.databases import contents, execute, on_both

pytestmark = on_both


@pytest.fixture
def signed_in(client):
    register(client, "ada@example.com")
    client.csrf = csrf_token(client.get("/studio/").text)
    return client


def post(client, path, body=None, **options):
    headers = {"X-CSRFToken": client.csrf} | options.pop("headers", {})
    if isinstance(body, bytes):
        options |= {"data": body, "content_type": "application/json"}
    elif body is not None:
        options["json"] = body
    return client.post(path, headers=headers, **options)


def theme(client, prompt="the sea", **options):
    return post(client, "/api/operations/theme_generation", {"prompt": prompt}, **options)


def test_a_new_user_reads_welcome_credits(signed_in):
    answer = signed_in.get("/api/credits")
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json
    (entry,) = body.pop("transactions")
    assert body == {"balance": 50, "held": 0, "available": 50, "nextBefore": None}
    assert entry.pop("createdAt").endswith("Z") and entry.pop("id")
    assert entry == {
        "number": 1,
        "amount": 50,
        "balanceAfter": 50,
        "type": "initial",
        "operation": None,
        "description": "Welcome credits",
        "metadata": {},
    }


def test_an_operation_charges_its_price_and_leads_to_its_result(signed_in):
    answer = theme(signed_in)
    assert answer.status_code == 201
    body = answer.json
    assert (body["operation"], body["cost"], body["creditsRemaining"]) == (
        "theme_generation",
        1,
        49,
    )
    assert body["id"] in body["resultUrl"]
    assert signed_in.get(body["resultUrl"]).status_code == 200
    newest = signed_in.get("/api/credits").json["transactions"][0]
    assert (newest["amount"], newest["operation"], newest["type"]) == (
        -1,
        "theme_generation",
        "usage",
    )


@pytest.mark.parametrize("route", ["image_generation", "document_conversion"])
def test_the_other_operations_cost_five(signed_in, route):
    inputs = {
        "image_generation": {"prompt": "hills"},
        "document_conversion": {"text": "# Hi", "format": "pdf"},
    }
    answer = post(signed_in, f"/api/operations/{route}", inputs[route])
    assert (answer.status_code, answer.json["creditsRemaining"]) == (201, 45)


def test_an_image_is_restyled_from_a_multipart_upload(signed_in):
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(picture, "PNG")
    picture.seek(0)
    (_upload, choice) = OPERATIONS["image_restyle"].fields
    style = choice.choices[0][0]
    answer = post(
        signed_in,
        "/api/operations/image_restyle",
        data={"image": (picture, "x.png"), "style": style},
    )
    assert (answer.status_code, answer.json["cost"]) == (201, 5)


def test_a_price_with_decimals_is_a_number_in_json(make_app):
    client = make_app(credit_costs={"THEME_GENERATION": Decimal("0.3")}).test_client()
    register(client)
    client.csrf = csrf_token(client.get("/studio/").text)
    answer = theme(client)
    assert '"creditsRemaining": 49.7' in answer.text.replace('":', '": ').replace("  ", " ")
    assert client.get("/api/credits/balance").json["available"] == 49.7


def test_too_few_credits_are_402_with_what_is_missing(signed_in, app):
    with app.app_context():
        user = db.session.scalar(db.select(ledger.LedgerEntry.user_id))
        ledger.spend(user, 48, operation="test")
    answer = post(signed_in, "/api/operations/image_generation", {"prompt": "x"})
    assert answer.status_code == 402
    body = answer.json
    assert body.pop("message")
    assert body == {
        "error": "insufficient_credits",
        "required": 5,
        "balance": 2,
        "available": 2,
        "missing": 3,
    }


def test_a_key_replays_the_first_answer_and_charges_nothing(signed_in):
    headers = {"Idempotency-Key": "once"}
    first, again = theme(signed_in, headers=headers), theme(signed_in, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    theme(signed_in)
    assert theme(signed_in, headers=headers).json == first.json
    assert signed_in.get("/api/credits/balance").json["balance"] == 48


def test_a_key_with_other_input_is_a_conflict(signed_in):
    theme(signed_in, headers={"Idempotency-Key": "k"})
    answer = theme(signed_in, "something else", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json["error"]) == (422, "idempotency_conflict")
    other = post(
        signed_in,
        "/api/operations/image_generation",
        {"prompt": "the sea"},
        headers={"Idempotency-Key": "k"},
    )
    assert other.status_code == 422


def test_a_key_that_is_still_at_work_is_in_progress_until_its_hold_expires(
    signed_in, app, database_url
):
    theme(signed_in, headers={"Idempotency-Key": "k"})
    with app.app_context():
        done = db.session.scalar(db.select(Hold))
        crashed = holds.hold(
            done.user_id,
            1,
            operation=done.operation,
            key="crashed",
            fingerprint=done.fingerprint,
        )
    headers = {"Idempotency-Key": "crashed"}
    answer = theme(signed_in, headers=headers)
    assert (answer.status_code, answer.json["error"]) == (409, "operation_in_progress")
    execute(
        database_url,
        f"UPDATE holds SET expires_at = '2020-01-01 00:00:00.000000' WHERE id = '{crashed.id}'",
    )
    assert theme(signed_in, headers=headers).status_code == 201


def test_a_broken_key_is_invalid_input(signed_in, database_url):
    before = contents(database_url)
    for key in ["", "a b", "x" * 256, "\xe4"]:
        answer = theme(signed_in, headers={"Idempotency-Key": key})
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_input"), key
    assert contents(database_url) == before


def test_bad_input_names_its_fields_and_changes_nothing(signed_in, database_url):
    before = contents(database_url)
    for route, body, field in [
        ("theme_generation", {}, "prompt"),
        ("theme_generation", {"prompt": ""}, "prompt"),
        ("theme_generation", {"prompt": 5}, "prompt"),
        ("theme_generation", {"prompt": None}, "prompt"),
        ("theme_generation", {"prompt": ["x"]}, "prompt"),
        ("theme_generation", {"prompt": "x" * 100_000}, "prompt"),
        ("theme_generation", {"prompt": "nul\0"}, "prompt"),
        ("theme_generation", {"prompt": "x", "cost": 0}, "cost"),
        ("image_restyle", {"style": "pencil"}, "image"),
        ("image_restyle", {"image": "not a file", "style": "pencil"}, "image"),
        ("document_conversion", {"text": "x", "format": "exe"}, "format"),
        ("document_conversion", {"format": "pdf"}, "text"),
        ("document_conversion", {"format": "pdf", "text": "שלום"}, "format"),
        ("document_conversion", {"format": "pdf", "text": "party 🎉"}, "format"),
    ]:
        answer = post(signed_in, f"/api/operations/{route}", body)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_input"), body
        assert field in answer.json["fields"]
    assert contents(database_url) == before


@pytest.mark.parametrize("path", ["/api/credits/purchase", "/api/operations/theme_generation"])
def test_unreadable_json_is_named_and_changes_nothing(signed_in, database_url, path):
    before = contents(database_url)
    for body in [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"NaN",
        b'{"dollarAmount": NaN}',
        b'{"dollarAmount": 5, "dollarAmount": 6}',
        b'{"dollarAmount": "\\ud800"}',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"dollarAmount": 1e99999999999999999999}',
    ]:
        answer = post(signed_in, path, body)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_json"), body[:50]
    assert contents(database_url) == before


AMOUNTS = ["0", "-1", "1.5", "5.0", '"5"', "true", "null", "[]", "{}", "1e400", "1e2", "501"]


def test_amounts_that_are_not_on_offer_are_refused(signed_in, database_url):
    before = contents(database_url)
    for amount in [*AMOUNTS, "9" * 30]:
        body = b'{"dollarAmount": ' + amount.encode() + b"}"
        answer = post(signed_in, "/api/credits/purchase", body)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_amount"), amount
    assert contents(database_url) == before


def test_a_purchase_while_dodo_is_down_is_503_and_changes_no_credits(signed_in):
    answer = post(signed_in, "/api/credits/purchase", {"dollarAmount": 5})
    assert (answer.status_code, answer.json["error"]) == (503, "provider_unavailable")
    assert "Retry-After" in answer.headers
    assert signed_in.get("/api/credits/balance").json["balance"] == 50


def test_the_balance_has_an_etag_that_follows_it(signed_in):
    first = signed_in.get("/api/credits/balance")
    assert first.json == {"balance": 50, "held": 0, "available": 50, "version": 1}
    assert first.headers["Cache-Control"] == "private, no-cache"
    headers = {"If-None-Match": first.headers["ETag"]}
    same = signed_in.get("/api/credits/balance", headers=headers)
    assert (same.status_code, same.data) == (304, b"")
    theme(signed_in)
    changed = signed_in.get("/api/credits/balance", headers=headers)
    assert (changed.status_code, changed.json["version"]) == (200, 2)


def test_transactions_page_by_number(signed_in):
    for _ in range(3):
        theme(signed_in)
    first = signed_in.get("/api/credits?limit=2").json
    assert [entry["number"] for entry in first["transactions"]] == [4, 3]
    second = signed_in.get(f"/api/credits?limit=2&before={first['nextBefore']}").json
    assert [entry["number"] for entry in second["transactions"]] == [2, 1]
    assert second["nextBefore"] is None


def test_paging_out_of_range_is_refused_and_never_clamped(signed_in):
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=1.0",
        "limit=-1",
        "limit=",
        "before=0",
        "before=-3",
        "before=x",
        "before=99999999999999999999",
        "limit=%D9%A1",
    ]:
        answer = signed_in.get(f"/api/credits?{query}")
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_input"), query


def test_nobody_hears_401_before_anything_else(client):
    for method, path in [
        ("get", "/api/credits"),
        ("get", "/api/credits/balance"),
        ("get", "/api/credits/purchases/x"),
        ("post", "/api/credits/purchase"),
        ("post", "/api/operations/theme_generation"),
        ("post", "/api/operations/nothing"),
    ]:
        answer = getattr(client, method)(path, data=b"{broken")
        assert (answer.status_code, answer.json["error"]) == (401, "unauthorized"), path


def test_a_post_without_the_token_is_refused(signed_in, database_url):
    before = contents(database_url)
    for path in ("/api/credits/purchase", "/api/operations/theme_generation"):
        answer = signed_in.post(path, data=b"{broken")
        assert (answer.status_code, answer.json["error"]) == (400, "csrf_failed")
    assert contents(database_url) == before


def test_a_broken_key_of_a_purchase_is_invalid_input(signed_in, database_url):
    before = contents(database_url)
    for key in ["", "a b", "\xe4"]:
        headers = {"Idempotency-Key": key}
        answer = post(signed_in, "/api/credits/purchase", {"dollarAmount": 5}, headers=headers)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_input"), key
    assert contents(database_url) == before


def test_a_wrong_method_is_401_for_nobody_and_405_for_somebody(client):
    assert client.post("/api/credits").status_code == 401
    assert client.get("/api/operations/theme_generation").status_code == 401
    register(client)
    assert client.post("/api/credits").status_code == 405


def test_the_token_counts_in_the_header_alone(signed_in):
    answer = signed_in.post(
        "/api/operations/theme_generation", data={"prompt": "x", "csrf_token": signed_in.csrf}
    )
    assert (answer.status_code, answer.json["error"]) == (400, "csrf_failed")
    nameless = b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"
    answer = signed_in.post(
        "/api/operations/theme_generation",
        data=nameless,
        content_type="multipart/form-data; boundary=b",
        headers={"X-CSRFToken": signed_in.csrf},
    )
    assert answer.status_code == 400


def test_a_refusal_shows_whole_numbers_as_whole(signed_in, app):
    with app.app_context():
        user = db.session.scalar(db.select(ledger.LedgerEntry.user_id))
        ledger.spend(user, Decimal("48.5"), operation="test")
        holds.hold(user, Decimal("0.5"), operation="test")
    answer = post(signed_in, "/api/operations/image_generation", {"prompt": "x"})
    assert (answer.json["available"], answer.json["missing"]) == (1, 4)
    assert "1.0" not in answer.text and "4.0" not in answer.text


def test_the_ledger_describes_an_operation_by_its_title(signed_in):
    body = {"format": "pdf", "text": "# Hello"}
    assert post(signed_in, "/api/operations/document_conversion", body).status_code == 201
    assert signed_in.get("/api/credits").json["transactions"][0]["description"] == "Hello"


def test_an_unknown_operation_is_404(signed_in):
    answer = post(signed_in, "/api/operations/mining", {"prompt": "x"})
    assert (answer.status_code, answer.json["error"]) == (404, "unknown_operation")


def test_errors_of_unknown_routes_are_json_below_api(signed_in):
    answer = signed_in.get("/api/nothing")
    assert (answer.status_code, answer.json["error"]) == (404, "not_found")
    answer = signed_in.delete("/api/credits")
    assert (answer.status_code, answer.json["error"]) == (405, "method_not_allowed")


def test_a_body_beyond_all_limits_is_413(signed_in):
    answer = post(signed_in, "/api/credits/purchase", b"x" * (10 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json["error"]) == (413, "payload_too_large")


def test_prices_in_json_are_exact_to_the_last_decimal(signed_in, app):
    with app.app_context():
        user = db.session.scalar(db.select(ledger.LedgerEntry.user_id))
        ledger.grant(user, Decimal("987654321012.3456"), description="large")
    text = signed_in.get("/api/credits/balance").text
    assert json.loads(text, parse_float=Decimal)["balance"] == Decimal("987654321062.3456")
