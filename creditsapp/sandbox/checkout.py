"""The hosted checkout page, where a buyer pays a session by card."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from creditsapp.sandbox import (
    attempts,
    cards,
    catalogue,
    forms,
    parsing,
    payments,
    pricing,
    sessions,
)
from creditsapp.sandbox.context import BUSINESS_ID, current
from creditsapp.sandbox.currencies import CURRENCIES
from creditsapp.sandbox.errors import not_found
from creditsapp.sandbox.headers import allow_form_action
from creditsapp.sandbox.store import Document

bp = Blueprint("checkout", __name__)


@bp.get("/session/<session_id>")
def session_page(session_id: str) -> ResponseReturnValue:
    """Show what is to be paid and the card form."""
    session, email = find_session(session_id)
    return _closed(session) or _page(session, forms.filled_in(email=email))


@bp.post("/session/<session_id>")
def pay(session_id: str) -> ResponseReturnValue:
    """Charge the card, and send the buyer back to the shop."""
    session, email = find_session(session_id)
    form = forms.PaymentForm(request.form, email=email)
    if "update" in request.form:
        return _closed(session) or _page(session, form)
    attempt = form.attempt()
    if attempt is None:
        return _closed(session) or (_page(session, form), 422)
    try:
        payment = payments.pay(current(), session_id, attempt)
    except payments.SessionExpired:
        return _expired(session)
    except pricing.TooMuch:
        return _page(session, form), 422
    if payment["status"] == "failed":
        form.errors["declined"] = payment["error_message"]
        return _page(session, form), 402
    if session["return_url"] is None:
        session, _ = find_session(session_id)
        return _paid(session)
    return redirect(return_address(session["return_url"], payment, form.email), 303)


@bp.get("/portal/<customer_id>")
def portal_page(customer_id: str) -> ResponseReturnValue:
    """Stand in for Dodo's customer portal."""
    with current().store.reading() as tx:
        customer = tx.get("customer", customer_id)
    if customer is None:
        raise not_found("customer")
    message = f"At Dodo, {customer['email']} would find their invoices here."
    return render_template("message.html", title="Customer portal", message=message)


def find_session(session_id: str) -> tuple[Document, str | None]:
    """The session, and the e-mail address of its customer when it has one."""
    with current().store.reading() as tx:
        session = tx.get("session", session_id)
        if session is None:
            raise not_found("checkout session")
        customer = tx.get("customer", session["customer_id"])
    return session, customer["email"] if customer else None


def return_address(return_url: str, payment: Document, email: str | None) -> str:
    """The shop's address with the outcome added to its query."""
    fields = {"payment_id": payment["payment_id"], "status": payment["status"], "email": email}
    outcome = urlencode({name: value for name, value in fields.items() if value})
    parts = urlsplit(return_url)
    query = f"{parts.query}&{outcome}" if parts.query else outcome
    return urlunsplit(parts._replace(query=query))


def _page(session: Document, form: forms.PaymentForm) -> str:
    # Chromium applies form-action to the redirect that follows the form, too.
    addresses = (session["return_url"], session["cancel_url"])
    origins = [parsing.origin(address) for address in addresses if address]
    allow_form_action(*(origin for origin in origins if origin))
    with current().store.reading() as tx:
        unit_price = catalogue.unit_price(tx)
    return render_template(
        "checkout.html",
        session=session,
        form=form,
        email_is_known=session["customer_id"] is not None,
        amounts=form.amounts(session["product_cart"], unit_price),
        unit_price=unit_price,
        line=session["product_cart"][0],
        quantity=form.other_quantity() or session["product_cart"][0]["quantity"],
        cards=cards.SHOWN,
        currency_names=[(code, f"{code}: {each.name}") for code, each in CURRENCIES.items()],
        outcomes=attempts.OUTCOMES,
        business_id=BUSINESS_ID,
        action=url_for("checkout.pay", session_id=session["session_id"]),
    )


def _closed(session: Document) -> ResponseReturnValue | None:
    """The page of a session that cannot be paid any more, or None."""
    if sessions.is_consumed(session):
        return _paid(session), 410
    return _expired(session) if sessions.is_expired(session) else None


def _paid(session: Document) -> str:
    return render_template(
        "message.html",
        title="This checkout is complete",
        message=f"Payment {session['payment_id']}: {session['payment_status']}.",
        link=session["return_url"],
        link_text="Back to the shop",
    )


def _expired(session: Document) -> ResponseReturnValue:
    page = render_template(
        "message.html",
        title="This checkout has expired",
        message="Nothing was charged. Start again from the shop.",
        link=session["cancel_url"] or session["return_url"],
        link_text="Back to the shop",
    )
    return page, 410
