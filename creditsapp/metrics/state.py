"""What stands in the database, read when Prometheus asks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import Flask
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select, text

from creditsapp.asking import Question, Unanswered
from creditsapp.models import Hold, Mail, PeriodicJob, Proof, Purchase, WebhookEvent
from creditsapp.models.mail import WAITING
from creditsapp.models.purchase import PURCHASE_STATUSES
from creditsapp.services.transaction import now

SECONDS = 2.0  # a scrape that waits longer tells nothing of the rest, either
OPEN = ("created", "pending", "review")
DAY = timedelta(days=1)


class State(Collector):
    """Values of the database; of one that does not answer, only that it does not."""

    def __init__(self, app: Flask) -> None:
        self._question = Question(app, _read, seconds=SECONDS)

    def describe(self) -> Iterator[Metric]:
        """Nothing is read to learn the names."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All values, from one short visit."""
        try:
            found = self._question.answer()
        except Unanswered:
            found = []
        yield _gauge("credits_database_up", "Whether the database answered in time.", bool(found))
        yield from found


def _read(connection: Connection) -> list[Metric]:
    """Queries that an index answers, however many rows there are."""
    return [
        *_holds(connection),
        *_webhooks(connection),
        *_purchases(connection),
        *_mails(connection),
        *_jobs(connection),
        *_proof(connection),
    ]


def _holds(connection: Connection) -> Iterator[Metric]:
    query = select(func.count(), func.sum(Hold.amount), func.min(Hold.expires_at))
    count, amount, first = connection.execute(query.where(text("status = 'held'"))).one()
    yield _gauge("credits_holds_open", "Holds that are open.", count)
    yield _gauge("credits_held_credits", "Credits in open holds.", amount or 0)
    yield _gauge(
        "credits_hold_overdue_seconds",
        "How long the time of an open hold is over, of the oldest; 0 for none.",
        _age(first),
    )


def _webhooks(connection: Connection) -> Iterator[Metric]:
    query = select(func.count(), func.min(WebhookEvent.received_at))
    count, first = connection.execute(query.where(text("next_attempt_at IS NOT NULL"))).one()
    yield _gauge("credits_webhooks_unprocessed", "Webhooks that will be tried again.", count)
    yield _gauge(
        "credits_webhook_unprocessed_age_seconds",
        "How long the oldest webhook waits that will be tried again; 0 for none.",
        _age(first),
    )
    review = connection.scalar(select(func.count()).where(WebhookEvent.status == "review"))
    yield _gauge("credits_webhooks_in_review", "Webhooks that wait for a person.", review or 0)


def _purchases(connection: Connection) -> Iterator[Metric]:
    yield _by_status(
        connection,
        OPEN,
        GaugeMetricFamily(
            "credits_purchases_open",
            "Orders that are not decided yet: created, pending, or in review by a person.",
            labels=["status"],
        ),
    )
    yield _by_status(
        connection,
        PURCHASE_STATUSES,
        GaugeMetricFamily(
            "credits_purchases_last_day",
            "Orders of the last 24 hours, by what became of them; paid ones are credited.",
            labels=["status"],
        ),
        since=now() - DAY,
    )


def _by_status(
    connection: Connection,
    statuses: tuple[str, ...],
    metric: GaugeMetricFamily,
    since: datetime | None = None,
) -> Metric:
    query = select(Purchase.status, func.count()).where(Purchase.status.in_(statuses))
    if since is not None:
        query = query.where(Purchase.created_at > since)
    rows = connection.execute(query.group_by(Purchase.status))
    found = {status: count for status, count in rows}
    for status in statuses:
        metric.add_metric([status], found.get(status, 0))
    return metric


def _mails(connection: Connection) -> Iterator[Metric]:
    query = select(func.count(), func.min(Mail.created_at)).where(text(WAITING))
    count, first = connection.execute(query).one()
    yield _gauge("credits_mails_waiting", "Mails that are not sent yet.", count)
    yield _gauge(
        "credits_mail_waiting_age_seconds", "How long the oldest waits; 0 for none.", _age(first)
    )


def _jobs(connection: Connection) -> Iterator[Metric]:
    metric = GaugeMetricFamily(
        "credits_job_due_timestamp_seconds",
        "When a worker's periodic job is due next; in the past, no worker has taken it.",
        labels=["name"],  # `job` is Prometheus's own
    )
    for name, due_at in connection.execute(select(PeriodicJob.name, PeriodicJob.due_at)):
        metric.add_metric([name], due_at.timestamp())
    yield metric


def _proof(connection: Connection) -> Iterator[Metric]:
    query = select(Proof.finished_at, Proof.problems).order_by(Proof.id.desc()).limit(1)
    last = connection.execute(query).one_or_none()
    if last is not None:
        yield _gauge(
            "credits_verify_problems", "Wallets that the last verify found wrong.", last.problems
        )
        yield _gauge(
            "credits_verify_timestamp_seconds",
            "When the last verify ended.",
            last.finished_at.timestamp(),
        )


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=float(value))


def _age(since: datetime | None) -> float:
    return 0.0 if since is None else max((now() - since).total_seconds(), 0.0)
