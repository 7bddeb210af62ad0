"""The formula of settlement, from nothing but the events: no code of the app's is used here."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

UNDECIDED = {"dispute_opened", "dispute_challenged", "pending", "review"}
GONE = {
    "dispute_opened",
    "dispute_challenged",
    "dispute_lost",
    "dispute_accepted",
    "dispute_expired",
}


def granted_and_taken(credits, events):
    """The credits that events of one payment, in any order, give, and those they take back."""
    paid = next((it["data"] for it in events if _pays(it["data"])), None)
    if paid is None:
        return Decimal(0), Decimal(0)
    disputes = _newest(events, "dispute_id", "dispute_status")
    if GONE & {dispute["dispute_status"] for dispute in disputes}:
        return credits, credits
    refunds = _newest(events, "refund_id", "status")
    shares = [_share(paid, refund) for refund in refunds if refund["status"] == "succeeded"]
    units = int(Fraction(credits) * 10_000 * min(sum(shares, Fraction(0)), Fraction(1)))
    return credits, Decimal(units) / 10_000


def _pays(data):
    return data["payload_type"] == "Payment" and data["status"] == "succeeded"


def _newest(events, id_field, status_field):
    """What the newest report says of each refund or dispute; of two at once, the decided one."""
    found = {}
    for event in events:
        data = event["data"]
        if id_field in data:
            moment = datetime.fromisoformat(event["timestamp"])
            report = (moment, data[status_field] not in UNDECIDED), data
            before = found.get(data[id_field], report)
            found[data[id_field]] = report if report[0] > before[0] else before
    return [data for _age, data in found.values()]


def _share(paid, refund):
    if refund["currency"] == paid["currency"]:
        return Fraction(refund["amount"], paid["total_amount"])
    assert refund["currency"] == paid["settlement_currency"]
    return Fraction(refund["amount"], paid["settlement_amount"])
