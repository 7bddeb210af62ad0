"""The app with what another program would build on it: spends, and holds over two requests."""

from flask import Blueprint, jsonify, request
from flask_login import current_user

from creditsapp import create_app
from creditsapp.json_interface import guard, read_object
from creditsapp.services import holds, ledger

guarded = Blueprint("guarded", __name__, url_prefix="/api/guarded")
guard(guarded)


@guarded.post("/spend")
def spend():
    asked = read_object()
    entry = ledger.spend(
        current_user.id, asked["amount"], operation="test", description=asked["words"], key=_key()
    )
    return jsonify(number=entry.number)


@guarded.post("/hold")
def hold():
    asked = read_object()
    held = holds.hold(
        current_user.id, asked["amount"], operation="test", description=asked["words"], key=_key()
    )
    return jsonify(id=held.id)


@guarded.post("/capture/<hold_id>")
def capture(hold_id):
    entry = holds.capture(current_user.id, hold_id, read_object()["amount"], key=_key())
    return jsonify(number=entry.number)


def _key():
    return request.headers["Idempotency-Key"]


app = create_app()
app.register_blueprint(guarded)
