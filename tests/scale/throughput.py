"""Spends per second and how long each takes: many wallets, one hot wallet, many in one call."""

from tests.bench.spending import app_on, wallets_with_credits
from tests.scale.figures import latencies
from tests.scale.spends import spending

CLIENTS = (1, 8, 16, 32)
WALLETS = 250
TOGETHER = (1, 20, 100)


def many_wallets(scale):
    """`ledger.spend` from 250 wallets at random."""
    yield from _spends(scale, _wallets(scale, WALLETS))


def hot_wallet(scale):
    """`ledger.spend` from one wallet alone."""
    yield from _spends(scale, _wallets(scale, 1))


def _spends(scale, user_ids):
    for clients in CLIENTS:
        taken = spending(scale.small, user_ids, clients, scale.seconds)
        row = f"{clients} client" + "s" * (clients > 1)
        yield from latencies(row, scale.seconds, taken)


def spend_many(scale):
    """Usages of a wallet in one call of `ledger.spend_many`, counted in calls."""
    user_ids = _wallets(scale, WALLETS)
    for together in TOGETHER:
        taken = spending(scale.small, user_ids, 1, scale.seconds, together)
        yield from latencies(f"{together} in a call", scale.seconds, taken)


def _wallets(scale, count):
    with app_on(scale.small) as app, app.app_context():
        return wallets_with_credits(count)
