"""The pages of purchases."""

import re
from decimal import ROUND_CEILING, Decimal

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError

from creditsapp import limits
from creditsapp.credits import bp
from creditsapp.credits.forms import PortalForm, PurchaseForm
from creditsapp.credits.ordering import own_address, place_order
from creditsapp.dodo import dodo_client
from creditsapp.dodo.errors import NotKnown
from creditsapp.errors import answer
from creditsapp.models import Purchase
from creditsapp.navigation import local_path
from creditsapp.services import customers, own_orders, purchases, receipts
from creditsapp.services.errors import (
    InvalidDollars,
    ProviderUnavailable,
    PurchaseNotFound,
    ServiceError,
)
from creditsapp.services.purchases import Offer
from creditsapp.translation import gettext as _

ORDERS = 25
SUGGESTED_DOLLARS = 3
DOLLAR_STEP = 5
POLL_SECONDS = (1, 2, 4, 8, 8, 8, 8, 8, 8, 5)  # a minute, then it takes longer than usual


@bp.route("/purchase", methods=["GET", "POST"])
def purchase() -> ResponseReturnValue:
    """Choose how many credits to buy; goes on to Dodo's checkout page."""
    left, again = _unpaid("cancelled"), _unpaid("again")
    resumed = left or again
    form = PurchaseForm(
        dollar_amount=str(resumed.dollars if resumed else _suggestion()),
        next=resumed.return_to if resumed else request.args.get("next"),
    )
    status = 200
    if form.validate_on_submit():
        try:
            dollars = int(form.dollar_amount.data)
            ordered = place_order(
                dollars,
                key=f"{form.form_key.data}:{dollars}",  # sent again, changed, it is another wish
                return_to=local_path(form.next.data),
            )
            return redirect(str(ordered.checkout_url), 303)
        except InvalidDollars as error:
            form.dollar_amount.errors, status = [str(error)], 422
        except ServiceError as error:
            form.form_key.errors, status = [str(error)], error.status
    elif form.is_submitted():
        status = 422
    if status != 200:
        form.form_key.data = form.form_key.default()
    return render_template("credits/purchase.html", form=form, left=left, resumed=resumed), status


def _unpaid(name: str) -> Purchase | None:
    """The order that the address names, unless it was paid or waits for a person."""
    try:
        found = purchases.find(current_user.id, request.args.get(name, ""))
    except PurchaseNotFound:
        return None
    return found if found.status in ("pending", "failed", "cancelled", "expired") else None


def _suggestion() -> int:
    """The dollars to begin with: what was asked for, or what covers the missing credits."""
    asked = request.args.get("dollars", "")
    offer = _offer()
    if asked.isascii() and asked.isdigit() and len(asked) <= 7:
        return max(offer.minimum, min(int(asked), offer.maximum))
    return max(offer.minimum, min(SUGGESTED_DOLLARS, offer.maximum))


@bp.app_template_global()
def covering_dollars(missing: Decimal, offer: Offer) -> int:
    """The smallest purchase that covers missing credits, in steps of $5 within the offer."""
    dollars = int((missing / offer.per_dollar).to_integral_value(ROUND_CEILING))
    stepped = -(-dollars // DOLLAR_STEP) * DOLLAR_STEP
    return max(offer.minimum, min(stepped, offer.maximum))


@bp.get("/success")
def success() -> ResponseReturnValue:
    """Back from checkout: the order's own state, whatever the address says.

    Once credits were taken back, the receipt tells more than a thank-you.
    """
    found = purchases.find(current_user.id, request.args.get("purchase", ""))
    payment = purchases.payment_of(found)
    if payment is not None and payment.reversed_credits:
        return redirect(url_for("credits.receipt", purchase_id=found.id))
    waited = _waited()
    return render_template(
        "credits/success.html",
        purchase=found,
        shown=_outcome(found.status, waited),
        given=purchases.credits_given(found),
        delays=POLL_SECONDS,
        waited=waited,
    )


def _outcome(status: str, waited: int) -> str:
    """The state of an order as it is told to who comes back."""
    # After a declined card, the good one's webhook may still be on its way.
    hopeful = request.args.get("status") in ("succeeded", "processing")
    if status not in ("created", "pending") and not (hopeful and status in ("failed", "cancelled")):
        return status
    return "pending" if waited < len(POLL_SECONDS) else "slow"


def _waited() -> int:
    """How often a page without the script has asked already; the address counts it."""
    waited = request.args.get("waited", "")
    return min(int(waited), len(POLL_SECONDS)) if re.fullmatch("[0-9]{1,2}", waited) else 0


@bp.get("/purchases")
def orders() -> ResponseReturnValue:
    """Every order, newest first."""
    before = request.args.get("before") or None
    found, next_before = own_orders.page(current_user.id, limit=ORDERS, before=before)
    return render_template(
        "credits/orders.html", orders=found, before=before, next_before=next_before
    )


@bp.get("/purchases/<purchase_id>")
def receipt(purchase_id: str) -> ResponseReturnValue:
    """The receipt of an order: what was paid and what came back, in money and in credits."""
    found = purchases.find(current_user.id, purchase_id)
    paid = receipts.paid(found)
    return render_template(
        "credits/receipt.html",
        purchase=found,
        paid=paid,
        movements=receipts.movements(found, paid),
        portal=PortalForm() if customers.customer_id(current_user.id) else None,
    )


@bp.get("/purchases/<purchase_id>/invoice")
def invoice(purchase_id: str) -> ResponseReturnValue:
    """Dodo's invoice of an order, fetched now and not kept."""
    back = url_for("credits.receipt", purchase_id=purchase_id)
    limits.provider()
    try:
        document = receipts.invoice(dodo_client(), current_user.id, purchase_id)
    except NotKnown:
        return answer(404, "not_found", _("The payment provider has no such invoice."), back=back)
    except ProviderUnavailable as error:
        return _without_dodo(error, back)
    return current_app.response_class(
        document,
        mimetype="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="invoice-{purchase_id}.pdf"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


@bp.post("/portal")
def portal() -> ResponseReturnValue:
    """Go on to Dodo's customer portal, signed in there by a link that is made now."""
    back = url_for("credits.index")
    if not PortalForm().validate_on_submit():
        raise CSRFError
    limits.provider()
    try:
        link = receipts.portal_link(dodo_client(), current_user.id, own_address() + back)
    except ProviderUnavailable as error:
        return _without_dodo(error, back)
    return redirect(link, 303)


def _without_dodo(error: ProviderUnavailable, back: str) -> ResponseReturnValue:
    """What only Dodo has cannot be shown now; nothing that could be charged was asked for."""
    words = _("This comes from our payment provider, who does not answer just now.")
    return answer(error.status, error.code, words, retry_after=error.retry_after, back=back)


def _offer() -> Offer:
    offer: Offer = current_app.extensions["creditsapp"].offer
    return offer
