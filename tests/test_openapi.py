"""The description of the JSON interface is valid, complete and true."""

import dataclasses
import re

import pytest
from flask import jsonify
from openapi_spec_validator import validate

from creditsapp.prices import Price
from creditsapp.studio.operation import Result, TextField, UploadField, operation
from creditsapp.studio.operations import OPERATIONS
from tests.builders import csrf_token, register
from tests.describing import conforming, reader

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ADDRESS = "/api/openapi.json"


def test_the_description_is_valid_public_and_kept_by_browsers(client):
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    validate(answer.json)
    seen = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(ADDRESS, headers=seen).status_code == 304
    register(client)
    assert client.get(ADDRESS, headers={"Accept-Language": "de"}).json == answer.json


def test_every_route_is_described_and_nothing_else(app, client):
    addresses, described = app.url_map.bind("localhost"), client.get(ADDRESS).json["paths"]
    shown = set()
    for path, methods in described.items():
        for method in methods:
            endpoint, _values = addresses.match(re.sub("{.*}", "x", path), method.upper())
            shown.add((endpoint, method.upper()))
    there = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") or rule.endpoint.startswith("health.")
    }
    assert shown == there
    assert {f"/api/operations/{name}" for name in OPERATIONS} < described.keys()


def test_the_examples_are_true(app, client):
    register(client)
    token = {"X-CSRFToken": csrf_token(client.get("/studio/").text)}
    done = 0
    for path, methods in client.get(ADDRESS).json["paths"].items():
        contents = methods.get("post", {}).get("requestBody", {}).get("content", {})
        example = contents.get("application/json", {}).get("example")
        if example is None:
            continue
        schema = contents["application/json"]["schema"]
        with app.app_context():
            assert not list(reader(schema)(example)), path
        answer = client.post(path, json=example, headers=token)
        expected = (201,) if "operations" in path else (200, 503)  # nobody is at Dodo's address
        assert answer.status_code in expected, answer.text
        done += 1
    assert done == len(OPERATIONS)  # the upload has none, the purchase has one


def test_the_price_of_each_operation_is_told(make_app):
    app = make_app(credit_costs={"THEME_GENERATION": "0.5"})
    found = app.test_client().get(ADDRESS).json["paths"]["/api/operations/theme_generation"]
    assert "Costs 0.5 credits." in found["post"]["description"]


def test_a_new_operation_describes_itself(make_app, monkeypatch):
    @operation(
        title="Echo",
        action="Say it",
        noun=("echo", "echoes"),
        summary="Says it again.",
        cost=Price("0.2", per="letter", step=1),
        quantity=lambda values: len(values["words"]),
        fields=[
            TextField("words", "Words", max_length=20, examples=("hello",)),
            UploadField(
                "voice",
                "A voice",
                required=False,
                accept="audio/ogg,.ogg",
                max_bytes=9,
                check=bytes,
            ),
        ],
    )
    def echo(words, voice):
        return Result(words, "text/plain", "txt", words.encode())

    monkeypatch.setitem(OPERATIONS, "echo", dataclasses.replace(echo, name="echo"))
    app = make_app(credit_costs={"ECHO": echo.cost})
    described = app.test_client().get(ADDRESS).json
    validate(described)
    found = described["paths"]["/api/operations/echo"]["post"]
    assert found["description"].startswith(
        "Says it again. Costs 0.2 credits per letter, rounded up to a multiple of 1."
    )
    content = found["requestBody"]["content"]
    assert content["application/json"]["example"] == {"words": "hello"}
    form = content["multipart/form-data"]
    assert form["schema"]["required"] == ["words"]
    assert form["schema"]["properties"].keys() == {"words", "voice"}
    assert form["encoding"] == {"voice": {"contentType": "audio/ogg"}}


@pytest.mark.parametrize(
    ("status", "body"),
    [(418, {}), (200, {}), (200, {"status": "fine"}), (200, {"status": "ok", "more": 1})],
)
def test_an_answer_that_is_not_described_is_found_out(app, status, body):
    with app.test_request_context("/healthz"):
        answer = jsonify(body)
        answer.status_code = status
        with pytest.raises(AssertionError, match="GET /healthz"):
            conforming(answer)


def test_the_codes_of_a_refusal_are_checked(app):
    with app.test_request_context("/api/credits"):
        for code, fits in (("unauthorized", True), ("not_found", False)):
            answer = jsonify(error=code, message="Words.")
            answer.status_code = 401
            if fits:
                conforming(answer)
                continue
            with pytest.raises(AssertionError, match=code):
                conforming(answer)
