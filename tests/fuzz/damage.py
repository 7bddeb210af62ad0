"""What can be wrong with a webhook's body: in its values, its keys, or its bytes."""

import copy
import json

from hypothesis import strategies as st

INTEGERS = [0, -1, 1, 5, 100, 500, 2**31 - 1, 2**31, -(2**31), 2**63, 2**64, 10**30, 10**4000]
FLOATS = [0.0, -0.0, 0.5, 5.0, 500.0, 1e308, 5e-324, float("nan"), float("inf")]
MARKS = ["\0", "a\0b", "\ud800", "a\udfffb", "\u202eabc", "\u200f", "\ufeff", "\x7f", "👩‍💻", "İ"]
WORDS = ["", " ", "0", "500", "5e2", "NaN", "Infinity", "null", "true", "x" * 255, "x" * 256]
WORDS += ["x" * 5000, "USD", "usd", "EUR", "JPY", "US D", "'; DROP TABLE wallets; --", "pay_1"]
STATES = ["succeeded", "failed", "processing", "pending", "review", "Succeeded", "dispute_won"]
STATES += ["dispute_lost", "dispute_opened", "won", "partially_captured"]
TIMES = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999-23:59", "2026-01-01", "now"]
TIMES += ["2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "20260101T000000Z", "1e9"]
NESTED = [[], {}, [[]], [None], {"a": {"b": [None, {"c": 1}]}}, [{}], {"product_id": 5}]
USED = "type timestamp payment_id status checkout_session_id metadata purchase_id currency"
USED += " total_amount tax product_cart product_id quantity discounts discount_id refund_id amount"
USED = (USED + " is_partial dispute_id dispute_status settlement_amount").split()

nasty = st.one_of(
    st.sampled_from([None, True, False]),
    st.sampled_from(INTEGERS),
    st.integers(),
    st.sampled_from(FLOATS),
    st.sampled_from(MARKS),
    st.sampled_from(WORDS),
    st.sampled_from(STATES),
    st.sampled_from(TIMES),
    st.sampled_from(NESTED),
    st.text(max_size=20),
    st.recursive(st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=5),
)


@st.composite
def damaged(draw, event, strangers=()):
    """An event after a few mishaps; `strangers` are ids of others that may slip in."""
    event = copy.deepcopy(event)
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 4]))):
        found = list(places(event))
        used = [place for place in found if place[1] in USED]
        if found:
            holder, key = draw(st.sampled_from(used if used and draw(st.integers(0, 3)) else found))
            draw(mishaps(holder, key, strangers))
    return event


def places(value):
    """Every place in a value, as what holds it and its key."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@st.composite
def mishaps(draw, holder, key, strangers):
    """Something happens to one place."""
    acts = ["replace", "replace", "drop", "wrap", "rename", "double", "swap"]
    act = draw(st.sampled_from(acts))
    if act != "drop" and type(holder[key]) is int and draw(st.booleans()):
        holder[key] += draw(st.sampled_from([-100, -1, 1, 100]))
    elif act == "drop":
        del holder[key]
    elif act == "wrap":
        holder[key] = draw(st.sampled_from([[holder[key]], {"value": holder[key]}]))
    elif act == "rename" and isinstance(holder, dict):
        holder[draw(st.sampled_from([key.upper(), key + " ", "x"]))] = holder.pop(key)
    elif act == "double" and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif act == "swap" and strangers:
        holder[key] = draw(st.sampled_from(strangers))
    else:
        holder[key] = copy.deepcopy(draw(nasty))


@st.composite
def written(draw, event):
    """The bytes of an event, which are not always its JSON."""
    raw = json.dumps(event, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    act = draw(st.sampled_from(["as it is"] * 50 + ["cut", "twice", "bom", "bytes", "deep"]))
    if act == "cut":
        return raw[: draw(st.integers(0, len(raw)))]
    if act == "twice":
        return b'{"data": {}, ' + raw[1:]
    if act == "bom":
        return b"\xef\xbb\xbf" + raw
    if act == "bytes":
        place = draw(st.integers(0, len(raw)))
        return raw[:place] + draw(st.binary(min_size=1, max_size=3)) + raw[place:]
    if act == "deep":
        depth = draw(st.sampled_from([50, 900, 5000, 100_000]))
        return raw[:-1] + b', "deep": ' + b"[" * depth + b"]" * depth + b"}"
    return raw
