"""Values of the shapes that Dodo publishes, from the part of JSON Schema that they use."""

import json
from pathlib import Path

from hypothesis import strategies as st

SPEC = json.loads((Path(__file__).parents[1] / "data" / "dodo-schemas.json").read_text())
SCHEMAS = SPEC["components"]["schemas"]
TYPES = sorted(SPEC["webhooks"])

words = st.text(max_size=12)
moments = st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
SIMPLE = {
    "null": st.none(),
    "boolean": st.booleans(),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "string": words,
}


def of(schema):
    """A strategy for the values that a schema allows."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return st.deferred(lambda: of(SCHEMAS[name]))
    if "oneOf" in schema:
        return st.one_of([of(option) for option in schema["oneOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_of_type(kind, schema) for kind in kinds])


def _of_type(kind, schema):
    if kind == "integer":
        bits = int(schema["format"].removeprefix("int"))
        return st.integers(schema.get("minimum", -(2 ** (bits - 1))), 2 ** (bits - 1) - 1)
    if kind == "array":
        return st.lists(of(schema["items"]), max_size=2)
    if kind == "object":
        return _object(schema)
    return moments if schema.get("format") == "date-time" else SIMPLE[kind]


def _object(schema):
    if "properties" not in schema:
        return st.dictionaries(words, of(schema["additionalProperties"]), max_size=2)
    fields = {name: of(it) for name, it in schema["properties"].items()}
    required = {name: fields.pop(name) for name in schema["required"]}
    return st.fixed_dictionaries(required, optional=fields)


data = {
    "payment": of(SCHEMAS["PaymentResponse"]),
    "refund": of(SCHEMAS["RefundResponse"]),
    "dispute": of(SCHEMAS["DisputeResponse"]),
}
