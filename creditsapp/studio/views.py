"""The studio's pages."""

import secrets
from typing import Any
from urllib.parse import urlencode

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from creditsapp.auth.forms import EmptyForm
from creditsapp.badge import badge
from creditsapp.charging import prices
from creditsapp.errors import EXPIRED, answer
from creditsapp.models import Creation
from creditsapp.services import creations, ledger
from creditsapp.services.errors import InsufficientCredits, ServiceError
from creditsapp.services.keys import InvalidKey
from creditsapp.studio import bp
from creditsapp.studio.downloads import attachment
from creditsapp.studio.operation import RESULT_PAGE, InvalidInput, Operation, UploadField
from creditsapp.studio.operations import OPERATIONS
from creditsapp.studio.performing import perform, submitted, typed_before
from creditsapp.studio.preview import Preview, preview_file, shrink
from creditsapp.translation import gettext as _

LONGEST_PATH = 500
LATEST = 8
PAGE = 24


@bp.app_context_processor
def priced() -> dict[str, Any]:
    """Every operation with its price, for pages that say what credits buy."""
    return {"priced": [(each, prices().price(each.name)) for each in OPERATIONS.values()]}


@bp.before_request
@login_required
def require_sign_in() -> None:
    """The studio is for those who have credits."""


@bp.get("/")
def index() -> ResponseReturnValue:
    """The operations, and what was made lately."""
    latest, _older = creations.newest(current_user.id, limit=LATEST)
    page = render_template("studio/index.html", creations=latest)
    return page


@bp.get("/creations")
def all_creations() -> ResponseReturnValue:
    """Everything that was made, newest first; `operation` and `before` choose from it."""
    chosen, before = request.args.get("operation") or None, request.args.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) <= 18):
        return answer(400, "invalid_input", _("This link to older creations is broken."))
    counts, found, next_before = creations.counts(current_user.id), [], None
    if chosen is None or chosen in counts:
        found, next_before = creations.newest(
            current_user.id, limit=PAGE, operation=chosen, before=int(before) if before else None
        )
    page = render_template(
        "studio/creations.html",
        creations=found,
        next_before=next_before,
        before=before,
        chosen=chosen,
        counts=counts,
    )
    return page


@bp.route("/<name>", methods=["GET", "POST"])
def operation(name: str) -> ResponseReturnValue:
    """The form of one operation; without the script, also where it is sent."""
    found = OPERATIONS.get(name)
    if found is None:
        return answer(404, "not_found", _("There is no such operation."))
    if request.method == "GET":
        return _form_page(found, request.args)
    form = EmptyForm()
    if not form.validate_on_submit():
        return _form_page(found, request.form, message=EXPIRED, status=422)
    try:
        done = perform(found, submitted(), key=request.form.get("idempotency_key") or None)
    except InvalidInput as error:
        return _form_page(found, request.form, errors=error.fields, status=422)
    except InvalidKey:
        return answer(400, "invalid_input", _("This form is broken; please reload it."))
    except InsufficientCredits as error:
        return _form_page(found, request.form, refusal=error, status=402)
    except ServiceError as error:
        return _form_page(found, request.form, message=str(error), status=error.status)
    return redirect(url_for("studio.creation", creation_id=done.creation.id), 303)


def _form_page(
    found: Operation, typed: Any, *, status: int = 200, **context: Any
) -> ResponseReturnValue:
    page = render_template(
        "studio/operation.html",
        operation=found,
        price=prices().price(found.name),
        balance=badge()["balance"],
        typed=typed,
        idempotency_key=secrets.token_urlsafe(18),
        return_to=_return_path(found, typed),
        **context,
    )
    return page, status


def _return_path(found: Operation, typed: Any) -> str:
    """The way back to the form with what was typed, as far as it fits into an address."""
    path, kept = url_for("studio.operation", name=found.name), {}
    for field in found.fields:
        more = kept | {field.name: typed.get(field.name, "")}
        fits = len(f"{path}?{urlencode(more)}") <= LONGEST_PATH
        if fits and more[field.name] and not isinstance(field, UploadField):
            kept = more
    return f"{path}?{urlencode(kept)}" if kept else path


@bp.get("/creations/<creation_id>")
def creation(creation_id: str) -> ResponseReturnValue:
    """One creation, with its preview and its download."""
    found = creations.find(current_user.id, creation_id)
    kind = OPERATIONS.get(found.operation)
    entry = ledger.entry(found.user_id, found.entry_number)
    page = render_template(
        kind.page if kind else RESULT_PAGE,
        creation=found,
        operation=kind,
        preview=_preview(found),
        about=kind.about(found.content) if kind and kind.about else {},
        entry=entry,
        again=_return_path(kind, typed_before(kind, entry)) if kind else None,
    )
    return page


@bp.get("/creations/<creation_id>/preview")
def preview(creation_id: str) -> ResponseReturnValue:
    """What the creation's page shows of it, by itself and sandboxed."""
    return _sandboxed(_preview(creations.find(current_user.id, creation_id)))


@bp.get("/creations/<creation_id>/thumbnail")
def thumbnail(creation_id: str) -> ResponseReturnValue:
    """What its card shows of it: a small picture."""
    shown = _preview(creations.find(current_user.id, creation_id))
    return _sandboxed(shrink(shown) if shown and shown.is_picture else None)


def _preview(found: Creation) -> Preview | None:
    kind = OPERATIONS.get(found.operation)
    if kind is not None and kind.preview is not None:
        return kind.preview(found.content)
    return preview_file(found.media_type, found.content)


def _sandboxed(shown: Preview | None) -> ResponseReturnValue:
    if shown is None:
        return answer(404, "not_found", _("There is no preview of this."))
    response = current_app.response_class(shown.content, mimetype=shown.media_type)
    response.headers["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
        " frame-ancestors 'self'"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Vary"] = "Accept-Language, Cookie"  # samples speak the reader's language
    return response


@bp.get("/creations/<creation_id>/download")
def download(creation_id: str) -> ResponseReturnValue:
    """The file itself, always as a download."""
    found = creations.find(current_user.id, creation_id)
    response = current_app.response_class(found.content, mimetype=found.media_type)
    response.headers["Content-Disposition"] = attachment(
        found.title, found.extension, otherwise=found.operation
    )
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
