"""A person's own data as a file."""

from flask import current_app, stream_with_context
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from creditsapp import limits
from creditsapp.auth import bp
from creditsapp.personal_json import personal_json


@bp.get("/export")
@login_required
def export() -> ResponseReturnValue:
    """Everything that is kept about whoever is signed in, streamed."""
    limits.provider()
    return current_app.response_class(
        stream_with_context(personal_json(current_user.id, to_operators=False)),
        mimetype="application/json",
        headers={"Content-Disposition": 'attachment; filename="my-data.json"'},
    )
