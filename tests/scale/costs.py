"""What a million spends cost: processor time, money for it, write-ahead log and disk."""

from tests.bench.serving import BODY
from tests.bench.spending import app_on, spends, wallets_with_credits
from tests.databases import execute
from tests.scale.figures import Figure
from tests.scale.layers import PEOPLE, THEME, asking, metered

MILLION = 1_000_000


def of_spends(scale):
    """By the service alone, over HTTP, and as an operation of the studio."""
    with app_on(scale.small) as app:
        with app.app_context():
            worker = spends(app, wallets_with_credits(250))
        execute(scale.small, "CHECKPOINT")
        with worker() as call:
            yield from _million("`ledger.spend`, one client", *metered(scale, call), scale)
    with asking(scale, PEOPLE) as ask:
        bill, taken = ask("/guarded/spend", BODY, 200)
        yield from _million("the same over HTTP, eight clients", bill, len(taken), scale)
        bill, taken = ask(*THEME, 201)
        yield from _million("a theme over HTTP, eight clients", bill, len(taken), scale)


def _million(row, bill, calls, scale):
    each = MILLION / calls
    hours = (bill.client + bill.server) * each / 3600
    yield Figure(row, "app CPU", bill.client * each, "s")
    yield Figure(row, "PostgreSQL CPU", bill.server * each, "s")
    yield Figure(row, f"at ${scale.vcpu_hour:g} a vCPU hour", f"${hours * scale.vcpu_hour:.3f}")
    yield Figure(row, "write-ahead log", bill.wal * each / 1e9, "GB")
    yield Figure(row, "disk", bill.disk * each / 1e9, "GB")
