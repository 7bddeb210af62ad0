"""What has to become of a body, by the rules alone and without the app's code."""

import json
import re

PRODUCT = "pdt_sandbox_credits"
KINDS = ("payment.succeeded", "payment.failed", "payment.processing", "payment.cancelled")


def event_in(raw):
    """The event that bytes are, or None: strict JSON, an object with a type."""
    try:
        found = json.loads(
            raw.decode(), object_pairs_hook=_without_doubles, parse_constant=_no_constant
        )
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    if deep(found) > 64 or re.search(r"\d{401}", STRING.sub("", raw.decode())):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        return None
    return found if found["type"] else None


STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def deep(value):
    """How many arrays and objects are inside each other."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(deep, inner), default=0) if isinstance(value, list | dict) else 0


def _without_doubles(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def _no_constant(name):
    raise ValueError(name)


def pays(event, order):
    """Whether an event says that exactly this order was paid."""
    data = event.get("data")
    if event["type"] not in KINDS or not isinstance(data, dict):
        return False
    return (
        data.get("status") == "succeeded"
        and isinstance(data.get("payment_id"), str)
        and _is_for(data, order)
        and _is_the_cart(data.get("product_cart"), order.dollars)
        and not data.get("discounts")
        and not data.get("discount_id")
        and _is_the_price(data, 100 * order.dollars)
    )


def names(event):
    """Whom an event is about: its session and its purchase, as far as it says."""
    data = event.get("data")
    metadata = data.get("metadata") if isinstance(data, dict) else None
    session = data.get("checkout_session_id") if isinstance(data, dict) else None
    return session, metadata.get("purchase_id") if isinstance(metadata, dict) else None


def _is_for(data, order):
    session, purchase = names({"data": data})
    if session not in (None, order.session) or purchase not in (None, order.id):
        return False
    return session is not None or purchase is not None


def _is_the_cart(cart, dollars):
    if not isinstance(cart, list) or len(cart) != 1 or not isinstance(cart[0], dict):
        return False
    quantity = cart[0].get("quantity")
    return cart[0].get("product_id") == PRODUCT and type(quantity) is int and quantity == dollars


def _is_the_price(data, cents):
    currency, total, tax = data.get("currency"), data.get("total_amount"), data.get("tax")
    if type(total) is not int or not isinstance(currency, str):
        return False
    if currency != "USD":
        return re.fullmatch("[A-Z]{3}", currency) is not None
    return total == cents or (type(tax) is int and total - tax == cents)
