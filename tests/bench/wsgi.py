"""The app with routes more: an empty one, one that echoes, one that only spends, and its steps.

Limits are counted as ever, but reached by nobody.
"""

from flask import Blueprint, jsonify, request
from flask_login import current_user

from creditsapp import create_app, limits
from creditsapp.json_interface import guard, read_object
from creditsapp.models.types import exact
from creditsapp.services import ledger

for name in ("read", "operation"):
    setattr(limits, name, limits.Limit(f"any {name}", user="1000000000 per minute"))
reference = Blueprint("reference", __name__, url_prefix="/reference")
guarded = Blueprint("guarded", __name__, url_prefix="/guarded")
guard(guarded)


@reference.get("/empty")
def empty():
    return ""


@reference.post("/echo")
def echo():
    return jsonify(request.get_json())


@guarded.post("/nothing")
def nothing():
    return jsonify(read_object())


@guarded.post("/counted")
def counted():
    limits.operation()
    return jsonify(read_object())


@guarded.post("/spend")
def spend():
    limits.operation()
    entry = ledger.spend(current_user.id, read_object()["amount"], operation="THEME_GENERATION")
    return jsonify(number=entry.number, balance=exact(entry.balance_after))


app = create_app()
app.register_blueprint(reference)
app.register_blueprint(guarded)
