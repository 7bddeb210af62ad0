"""What the JSON interface answers in any test has to be what its description says."""

import copy
import re

from flask import request
from jsonschema import Draft202012Validator

from creditsapp.openapi import description_of_app

_READY = {}


def conforming(response):
    """Let an answer pass that is described; of refusals also the code, of objects every field."""
    operation = described(request)
    if operation is not None:
        where = f"{request.method} {request.path} {response.status_code}"
        expected = operation["responses"].get(str(response.status_code))
        assert expected is not None, f"{where} is not described: {response.get_data(as_text=True)}"
        for name, header in expected.get("headers", {}).items():
            assert name in response.headers or not header.get("required"), f"{where}: no {name}"
        content = expected.get("content", {}).get("application/json")
        if content is not None:
            assert response.mimetype == "application/json", where
            problems = [error.message for error in reader(content["schema"])(response.json)]
            assert problems == [], f"{where}: {response.json}"
    return response


def described(asked):
    """What the description has of a request; None where it has nothing, or nobody looks."""
    paths = description_of_app()["paths"]
    if asked.url_rule is None or asked.method not in ("GET", "POST"):
        return None
    rule = re.sub("<[^>]*>", "{}", asked.url_rule.rule)
    by_shape = {re.sub("{[^}]*}", "{}", path): found for path, found in paths.items()}
    found = by_shape.get(asked.path, by_shape.get(rule))
    return found and found.get(asked.method.lower())


def reader(schema):
    """What reads a value by a schema and finds its faults; fields that are not in it are some."""
    key = repr(schema)
    if key not in _READY:
        components = copy.deepcopy(description_of_app()["components"])
        for shape in components["schemas"].values():
            shape["additionalProperties"] = False
        _READY[key] = Draft202012Validator(schema | {"components": components}).iter_errors
    return _READY[key]
