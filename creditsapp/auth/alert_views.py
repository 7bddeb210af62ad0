"""Below which balance a user is told by mail."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from creditsapp.auth import bp
from creditsapp.auth.forms import MOST_ALERT, AlertsForm
from creditsapp.auth.pages import form_page
from creditsapp.formatting import credit_count, number
from creditsapp.services import alerts
from creditsapp.translation import gettext as _


@bp.app_template_global()
def alert_threshold() -> str:
    """Below which balance the current user is told, in words; empty for never."""
    below = alerts.threshold(current_user.id)
    return "" if below is None else credit_count(below)


@bp.route("/alerts", methods=["GET", "POST"])
@login_required
def alert_settings() -> ResponseReturnValue:
    """Choose when to be told."""
    form = AlertsForm(credits=int(alerts.threshold(current_user.id) or 0))
    if not form.validate_on_submit():
        if form.credits.errors:
            form.credits.errors = [
                _("Enter a whole number from 0 to %(most)s.", most=number(MOST_ALERT))
            ]
        return form_page("auth/alerts.html", form=form)
    alerts.tell_below(current_user.id, form.credits.data)
    below = credit_count(form.credits.data)
    flash(
        _("We write to you when your balance falls below %(balance)s.", balance=below)
        if form.credits.data
        else _("We do not write to you about a low balance any more.")
    )
    return redirect(url_for("auth.account"), 303)
