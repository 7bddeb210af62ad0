"""The ledger: a page of what its filter finds, and the same as a file."""

from typing import Any, NamedTuple

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from creditsapp.badge import badge
from creditsapp.credits import bp
from creditsapp.credits.chart import drawn
from creditsapp.credits.csv_export import csv_lines
from creditsapp.credits.filtering import FilterForm
from creditsapp.errors import answer
from creditsapp.formatting import reader_zone
from creditsapp.services import history, own_orders, periods
from creditsapp.services.history import Row
from creditsapp.services.periods import Period, Summary
from creditsapp.services.transaction import now
from creditsapp.translation import gettext as _

PAGE = 25


class Group(NamedTuple):
    """A period of what was found, and its entries that are on this page."""

    period: Period
    rows: list[Row]


@bp.before_request
@login_required
def require_sign_in() -> None:
    """All of these pages are personal."""


@bp.get("/")
def index() -> ResponseReturnValue:
    """The ledger: what the filter finds, newest first, in periods with their sums."""
    form, before = FilterForm(request.args), request.args.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) <= 18):
        return answer(400, "invalid_input", _("This link to older entries is broken."))
    valid = form.validate()
    found, rows, next_before = _read(form, before) if valid else (None, [], None)
    form.offer([row.entry for row in rows])
    page = render_template(
        "credits/index.html",
        form=form,
        found=found,
        groups=_grouped(found, rows) if found else [],
        chart=drawn(found.days) if found else None,
        before=before,
        shown=len(rows),
        next_before=next_before,
        **_head(),
    )
    return page, 200 if valid else 400


def _read(form: FilterForm, before: str) -> tuple[Summary, list[Row], int | None]:
    """All of what is found in sums, a page of it, and the number to go on before."""
    wanted = form.wanted(reader_zone())
    found = periods.summed(current_user.id, now(), reader_zone(), wanted)
    last = min(found.last, int(before) - 1) if before else found.last
    rows, next_before = history.page(
        current_user.id, wanted, after=found.after, last=last, limit=PAGE
    )
    return found, rows, next_before


def _grouped(found: Summary, rows: list[Row]) -> list[Group]:
    return [
        Group(period, [row for row in rows if period.after < row.entry.number <= period.last])
        for period in found.periods
    ]


def _head() -> dict[str, Any]:
    """What stands above the history, whatever of it is shown."""
    balance = badge()["balance"]
    return {
        "balance": balance,
        "cause": history.cause_of_debt(current_user.id) if balance.balance < 0 else None,
        "open_orders": own_orders.open_orders(current_user.id),
    }


@bp.get("/export.csv")
def export() -> ResponseReturnValue:
    """What the filter finds as CSV, oldest first, streamed."""
    form = FilterForm(request.args)
    if not form.validate():
        return answer(400, "invalid_input", _("This link to a file is broken."))
    return current_app.response_class(
        csv_lines(current_user.id, form.wanted(reader_zone())),
        mimetype="text/csv",
        headers={
            "Content-Disposition": 'attachment; filename="credits.csv"',
        },
    )
