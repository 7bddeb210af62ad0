"""Orders in every status, brought there by Dodo's webhooks and by operators."""

from decimal import Decimal

from creditsapp.services import purchases, reviews
from creditsapp.services.audit import Decision
from creditsapp.services.purchases import expire_forgotten
from tests.builders import dispute_event, make_purchase, payment_event, refund_event, settle
from tests.databases import execute


def one_of_each(url, user):
    """Their ids by status."""
    ids = {
        "expired": expired(url, user),
        "created": purchases.start(user, 2, Decimal(40))[0].id,
        "pending": make_purchase(user).id,
        "failed": reported(user, "failed"),
        "cancelled": reported(user, "cancelled"),
        "paid": paid(user, 5, "paid"),
        "taxed": paid(user, 7, "taxed", total_amount=833, tax=133),
        "refunded_in_part": refunded_in_part(user, "in-part"),
        "refunded": paid(user, 5, "refunded"),
        "disputed": disputed(user, "disputed"),
        "won": disputed(user, "won"),
        "review": reported(user, "succeeded", "review", total_amount=1),
        "rejected": reported(user, "succeeded", "rejected", total_amount=1),
        "returning": make_purchase(user).id,
    }
    take_back("refunded")
    settle(dispute_event("won", "dp_won", payment_id="pay_won"))
    reviews.reject(ids["rejected"], Decision(actor="op", reason="Not ours"))
    return ids


def paid(user, dollars, name, then=None, **changes):
    """A paid order by a payment of this name, and what is done after it."""
    purchase = make_purchase(user, dollars)
    settle(payment_event(purchase, payment_id=f"pay_{name}", **changes))
    if then:
        then()
    return purchase.id


def reported(user, status, name="", **changes):
    """An order whose payment came to this status."""
    purchase = make_purchase(user)
    name = f"pay_{name or status}"
    settle(payment_event(purchase, kind=f"payment.{status}", payment_id=name, **changes))
    return purchase.id


def refunded_in_part(user, name):
    """A paid order of which a fifth went back."""
    purchase = paid(user, 5, name)
    settle(refund_event(f"ref_{name}", payment_id=f"pay_{name}"))
    return purchase


def take_back(name):
    """All of a payment goes back."""
    settle(refund_event(f"ref_{name}", payment_id=f"pay_{name}", amount=500, partial=False))


def disputed(user, name):
    """A paid order whose buyer disputes the payment."""
    purchase = paid(user, 5, name)
    settle(dispute_event("opened", f"dp_{name}", payment_id=f"pay_{name}"))
    return purchase


def expired(url, user):
    """An order whose checkout page is gone."""
    purchase = make_purchase(user)
    execute(url, f"UPDATE purchases SET created_at = '2026-01-01' WHERE id = '{purchase.id}'")
    assert expire_forgotten() == 1
    return purchase.id
