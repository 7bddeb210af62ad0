"""`flask credits purchases`, `approve`, `reject` and `attach`: what waits for a person."""

import time
from decimal import Decimal
from typing import Any

import click
from flask import current_app

from creditsapp.commands.common import (
    CreditsType,
    as_json_option,
    print_json,
    printable,
)
from creditsapp.commands.credits import credits_group
from creditsapp.commands.deciding import decided, key_option, reason_option
from creditsapp.dodo import dodo_client
from creditsapp.dodo.errors import DodoFailed, NotKnown
from creditsapp.formatting import money, number
from creditsapp.models import Payment, Purchase
from creditsapp.models.types import as_credits, exact, format_credits
from creditsapp.services import accounts, attaching, order_list, purchases, reviews
from creditsapp.services.order_list import Listed


@credits_group.command("purchases")
@click.option("--status", type=click.Choice(order_list.STATUSES), help="Only these.")
@as_json_option
def list_purchases(status: str | None, as_json: bool) -> None:
    """List orders and their payments; `review` waits for a person, `recorded` is not ours."""
    rows = list(order_list.listed(status))
    emails = accounts.emails({row.purchase.user_id for row in rows if row.purchase})
    if as_json:
        print_json({"purchases": [_row(row, emails) for row in rows]})
        return
    for row in rows:
        click.echo("  ".join(printable(text) for text in _columns(row, _row(row, emails))))


def _row(row: Listed, emails: dict[int, str]) -> dict[str, Any]:
    purchase, payment = row.purchase, row.payment
    return {
        "purchaseId": purchase.id if purchase else None,
        "paymentId": payment.id if payment else None,
        "status": row.status,
        "email": emails.get(purchase.user_id) if purchase else None,
        "dollarAmount": purchase.dollars if purchase else None,
        "creditAmount": exact(purchase.credits) if purchase else None,
        "reason": _reason(payment),
    }


def _reason(payment: Payment | None) -> str | None:
    if payment is None:
        return None
    return "it came from no order of ours" if payment.purchase_id is None else payment.review_reason


def _columns(listed: Listed, row: dict[str, Any]) -> list[str]:
    """When, what became of it, who, what was ordered, what was paid, and why it waits."""
    purchase, payment = listed.purchase, listed.payment
    return [
        f"{listed.created_at:%Y-%m-%d %H:%M}",
        f"{row['status']:<9}",
        f"{row['purchaseId'] or '-':<36}",
        f"{row['paymentId'] or '-':<24}",
        row["email"] or "-",
        f"${purchase.dollars:,} for {format_credits(purchase.credits)}" if purchase else "-",
        _paid(payment),
        row["reason"] or "",
    ]


def _paid(payment: Payment | None) -> str:
    """What was paid, as far as it is known, and what was taken back of its credits."""
    if payment is None or payment.total is None:
        return "-"
    words = f"{payment.status} {money(payment.total, payment.currency or 'USD')}"
    if payment.reversed_credits:
        words += f", {number(payment.reversed_credits)} taken back"
    return words


@credits_group.command()
@click.argument("payment_id", metavar="ID")
@click.option("--credits", type=CreditsType(), help="How many; those that were ordered.")
@reason_option
@key_option
def approve(payment_id: str, credits: Decimal | None, reason: str, key: str | None) -> None:
    """Credit a payment that waits for a person; ID is the payment's or its purchase's."""
    decision = decided(reason, key)
    payment = reviews.approve(payment_id, decision, credits=credits, above=_above())
    click.echo(f"{_named(payment)} is approved; {_effect(payment)}")


@credits_group.command()
@click.argument("payment_id", metavar="ID")
@reason_option
@key_option
def reject(payment_id: str, reason: str, key: str | None) -> None:
    """Decide that a payment gives no credits; ID is the payment's or its purchase's."""
    payment = reviews.reject(payment_id, decided(reason, key))
    click.echo(
        f"{_named(payment)} is rejected; no credits were given. The money is still here:"
        f" `flask credits refund {printable(payment.id)}` gives it back"
    )


@credits_group.command()
@click.argument("payment_id", metavar="PAYMENT")
@click.argument("target", metavar="PURCHASE|EMAIL")
@click.option(
    "--dollars", type=click.IntRange(1, 2**31 - 1), help="How many, where it cannot be told."
)
@reason_option
@key_option
def attach(payment_id: str, target: str, dollars: int | None, reason: str, key: str | None) -> None:
    """Give a payment that came from no order to a purchase, or to a person, and credit it."""
    decision = decided(reason, key)
    unconfirmed = _confirmed(payment_id)
    if "@" in target:
        user = accounts.by_email(target)
        readings = attaching.possible_dollars(payment_id)
        if dollars is None and len(readings) != 1:
            raise click.UsageError("--dollars must say how many were paid")
        paid = dollars or readings.pop()
        credits = as_credits(current_app.extensions["creditsapp"].offer.per_dollar * paid)
        payment = attaching.attach_to_user(
            payment_id, user.id, paid, credits, decision, above=_above()
        )
    elif dollars is not None:
        raise click.UsageError("--dollars goes with an e-mail address; a purchase has its own")
    else:
        payment = attaching.attach(payment_id, target, decision, above=_above())
    click.echo(f"{_named(payment)} is attached; {_effect(payment)}{unconfirmed}")


def _above() -> Decimal:
    """How many credits one operator gives alone."""
    above: Decimal = current_app.extensions["creditsapp"].settings.grant_approval_above
    return above


def _confirmed(payment_id: str) -> str:
    """Refuse a payment that Dodo does not know; where it cannot be asked, words that say so."""
    try:
        dodo_client().payment(attaching.find(payment_id).id, deadline=time.monotonic() + 10)
        return ""
    except NotKnown:
        raise click.ClickException("Dodo does not know this payment. Nothing was done.") from None
    except DodoFailed:
        return " (Dodo could not be asked whether it is real)"


def _named(payment: Payment) -> str:
    of = f" of purchase {payment.purchase_id}" if payment.purchase_id else ", of no order,"
    return printable(payment.id) + of


def _effect(payment: Payment) -> str:
    purchase: Purchase = purchases.by_id(payment.purchase_id)
    email = accounts.emails({purchase.user_id}).get(purchase.user_id, f"user {purchase.user_id}")
    words = f"{printable(email)} has {format_credits(payment.credited)} for it"
    if payment.reversed_credits:
        words += f", of which {number(payment.reversed_credits)} were taken back"
    return words
