"""What a run came to: for people as a table, for machines as JSON."""

import json
from dataclasses import asdict
from pathlib import Path

from tests.load.journal import percentile

ARTIFACTS = Path(__file__).parent.parent.parent / ".artifacts"
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def measured(journal, seconds):
    """Requests, errors and latencies of a run."""
    return {
        "seconds": round(seconds, 1),
        "requests": len(journal.answers),
        "perSecond": round(len(journal.answers) / seconds),
        "statuses": dict(journal.statuses().most_common()),
        "milliseconds": {
            kind: {"count": len(ordered)}
            | {name: round(1000 * percentile(ordered, share), 1) for name, share in SHARES.items()}
            for kind, ordered in journal.latencies().items()
        },
    }


def lines(found):
    """The same as a table."""
    yield f"{found['requests']} requests in {found['seconds']} s: {found['perSecond']} a second"
    yield "answers: " + ", ".join(f"{n} × {status}" for status, n in found["statuses"].items())
    yield f"{'ms':<22}{'count':>8}" + "".join(f"{name:>9}" for name in SHARES)
    for kind, row in found["milliseconds"].items():
        yield f"{kind:<22}{row['count']:>8}" + "".join(f"{row[name]:>9}" for name in SHARES)


def verdict_line(verdict, verified):
    """What the oracle and `verify` say."""
    return (
        f"{verdict.acknowledged} writes acknowledged: {verdict.lost} lost, {verdict.twice} twice,"
        f" {verdict.strange} told to nobody, {verdict.unbalanced} wallets unbalanced;"
        f" verify {'is clean' if verified else 'FOUND PROBLEMS'}"
    )


def as_json(verdict, verified):
    return asdict(verdict) | {"verified": verified}


def keep(name, found):
    """Write a run's figures to .artifacts/; return where."""
    ARTIFACTS.mkdir(exist_ok=True)
    path = ARTIFACTS / f"{name}.json"
    path.write_text(json.dumps(found, indent=2) + "\n")
    return path.relative_to(ARTIFACTS.parent)
