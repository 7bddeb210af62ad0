"""Everything about a person, and nothing about anybody else."""

import base64
import json

import pytest

from creditsapp.extensions import db
from creditsapp.models import Base, Creation, User
from creditsapp.services import ledger, links, mails, personal_data
from creditsapp.services.transaction import transaction
from tests.builders import (
    PASSWORD,
    csrf_token,
    dispute_event,
    make_purchase,
    make_user,
    payment_event,
    refund_event,
    register,
    settle,
)

# Tables that hold nothing about one person, each with the reason.
IMPERSONAL = {
    "ended_sessions": "random names, of which nothing says whose they were",
    "periodic_jobs": "when the workers' jobs are due",
    "proofs": "what proofs of the whole ledger came to",
    "welcome_networks": "counts of some days",
}


def test_every_table_is_about_a_person_or_is_known_not_to_be():
    covered = {part.table.__tablename__ for part in personal_data.PARTS}
    assert len({part.name for part in personal_data.PARTS}) == len(covered)
    assert len(personal_data.PARTS) == len(covered)
    tables = {table.name: table for table in Base.metadata.sorted_tables}
    assert covered | IMPERSONAL.keys() == tables.keys()
    assert not covered & IMPERSONAL.keys()
    for name in IMPERSONAL:
        assert "user_id" not in tables[name].columns


@pytest.fixture
def ada(app, client):
    """She has bought, had some of it refunded, disputed, and made a theme; so has a bystander."""
    for number, email in enumerate(("ada@example.com", "bob@example.com"), 1):
        someone = client if number == 1 else app.test_client()
        register(someone, email)
        someone.post(
            "/api/operations/theme_generation",
            json={"prompt": f"the sea of {email}"},
            headers={"X-CSRFToken": csrf_token(someone.get("/studio/").text)},
        )
        with app.app_context():
            user = db.session.scalar(db.select(User.id).where(User.email == email))
            order, payment = make_purchase(user), f"pay_{number}"
            customer = {"customer": {"customer_id": f"cus_{number}", "email": email}}
            settle(payment_event(order, payment_id=payment, **customer), f"webhook_of_{number}")
            settle(refund_event(f"ref_{number}", payment_id=payment))
            settle(dispute_event("opened", f"dp_{number}", payment_id=payment))
            ledger.grant(user, 1, description=f"for {email}", actor="op@secret-host")
    return client


def exported(flask, *words):
    return json.loads(flask("users", "export", "ada@example.com", *words).stdout)


def test_an_export_has_all_of_a_person_and_nothing_of_another(ada, flask, app, tmp_path):
    found = exported(flask)
    counts = {name: len(rows) for name, rows in found.items() if isinstance(rows, list)}
    assert counts == {
        "account": 1,
        "accountLinks": 1,
        "welcomeBonus": 1,
        "mails": 4,
        "wallet": 1,
        "ledger": 6,
        "holds": 1,
        "purchases": 1,
        "payments": 1,
        "refunds": 1,
        "disputes": 1,
        "webhooks": 3,
        "creations": 1,
        "operatorActions": 1,
    }
    words = json.dumps(found)
    for foreign in ("bob@example.com", "pay_2", "cus_2", "webhook_of_2"):
        assert foreign not in words
    (account,) = found["account"]
    assert account["email"] == "ada@example.com"
    assert "passwordHash" not in account
    (paid,) = (row for row in found["webhooks"] if row["type"] == "payment.succeeded")
    assert paid["payload"]["data"]["customer"]["email"] == "ada@example.com"
    amounts = [entry["amount"] for entry in found["ledger"]]
    assert sum(amounts) == found["wallet"][0]["balance"]
    (made,) = found["creations"]
    with app.app_context():
        kept = db.session.scalar(db.select(Creation.content).where(Creation.id == made["id"]))
    assert base64.b64decode(made["contentBase64"]) == kept
    path = tmp_path / "ada.json"
    assert flask("users", "export", "ada@example.com", "-o", str(path)).stdout == ""
    assert json.loads(path.read_text()).keys() == found.keys()
    nobody = flask("users", "export", "nobody@example.com")
    assert (nobody.exit_code, nobody.stdout, nobody.stderr.count("\n")) == (1, "", 1)


def test_one_downloads_ones_own_data_without_what_operators_noted(ada, flask):
    answer = ada.get("/auth/export")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer.mimetype == "application/json"
    own = json.loads(answer.data)
    assert own.keys() == exported(flask).keys() - {"operatorActions", "grantRequests"}
    assert "secret-host" not in answer.text and PASSWORD not in answer.text


def test_an_export_of_nothing_but_an_account_is_whole(flask, app):
    with app.app_context():
        make_user(0, email="ada@example.com")
    assert exported(flask).keys() - {"welcomeBonus"} == {"exportedAt", "account", "wallet"}


def test_rows_of_who_had_the_address_before_are_not_ones_own(context):
    former, now_has_it = make_user(0, "old@example.com"), make_user(0, "ada@example.com")
    with transaction() as session:
        mails._queue(session, former, "email_changed", key="k", recipient="ada@example.com")
        links._send(session, "verify", "ada@example.com", former)
    found = [name for name, _row in personal_data.rows_about(now_has_it, to_operators=True)]
    assert "mails" not in found and "accountLinks" not in found
