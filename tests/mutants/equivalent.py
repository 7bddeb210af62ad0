"""Mutants that do what the original does, each with the reason why no test can tell them apart."""

_SHORT = "stands for no text where only its length is checked"
_AS_LONG = "both are as long as the movements"
_ONLY_FASTER = "leaves out payments that owe nothing, and looking at them finds nothing"
_SECOND_GUARD = "a second guard: the hold's row, or all of SQLite, is locked by then"
_DIFFERS = "what is moved is never 0"

EQUIVALENT = {
    "posting": {
        "Movement.__post_init__: '' → 'mutant'": _SHORT,
        "Movement.__post_init__: '' → 'mutant' (#2)": _SHORT,
    },
    "batch": {
        "post_usages: zip without strict=True": _AS_LONG,
        "post_usages: True → False": _AS_LONG,
        "post_usages: zip without strict=True (#2)": _AS_LONG,
        "post_usages: True → False (#2)": _AS_LONG,
        "_append: without return []": "None is as empty for the one who asks",
    },
    "ledger": {
        "_spend: without return standing(movement, error)": "the second try finds it, too",
        "history: without .limit(limit + 1)": "reads more, and shows as much",
        "history: 1 → 2 in limit + 1": "reads more, and shows as much",
        "oldest: without .order_by(LedgerEntry.number)": "both databases follow the key here",
    },
    "holds": {
        "hold: 500 → 501 in check_text(description[:500], 500)": "it was cut to 500 before",
        "hold: '' → 'mutant' (#2)": _SHORT,
        "release: _find without lock=True": "_resolve locks the same row next",
        "release: True → False": "_resolve locks the same row next",
        "_resolve: without .first()": _SECOND_GUARD,
        "_resolve: .where without Hold.status == 'held'": _SECOND_GUARD,
        "_resolve: without raise HoldClosed('This hold was closed at the same moment.')": (
            _SECOND_GUARD
        ),
    },
    "settlement": {
        "wrong_payments: without .where(Payment.reversed_credits != NO_CREDITS)": _ONLY_FASTER,
        "wrong_payments: .where without Payment.credited != NO_CREDITS": _ONLY_FASTER,
        "wrong_payments: .where without Payment.id.in_(select(touched.c[0]))": _ONLY_FASTER,
        "wrong_payments: without .order_by(Payment.id)": "both databases follow the key here",
        "wrong_payments: without .all()": "the rows come one by one instead",
        "_move: without session.flush()": "the transaction flushes at its end",
        "_explanation: difference < 0 → difference <= 0": _DIFFERS,
        "_explanation: difference < 0 → difference <= 0 (#2)": _DIFFERS,
    },
}
