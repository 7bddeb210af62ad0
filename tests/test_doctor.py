"""The set-up checklist: each thing that may be wrong is found, and none hides another."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from creditsapp import create_app
from creditsapp.doctor import database as database_checks
from creditsapp.doctor.endpoint import EVENTS
from creditsapp.extensions import db
from tests.conftest import settings_for
from tests.databases import execute, on_sqlite
from tests.dodo.server import answer, dodo_server
from tests.mail.smtp import LOOPBACK, certificate, mail_server
from tests.pooling import POOLED, serving
from tests.redis_server import running_redis
from tests.servers import WEBHOOK_SECRET, free_port

PRODUCT = "/products/pdt_sandbox_credits"
PRICE = {
    "type": "one_time_price",
    "price": 100,
    "currency": "USD",
    "discount": 0,
    "pay_what_you_want": False,
    "purchasing_power_parity": False,
}
HERE = "https://credits.example.com/api/webhooks/dodo"
LIVE = {
    "dodo_payments_environment": "live_mode",
    "dodo_payments_api_key": "dodo_live_abc",
    "dodo_credits_product_id": "pdt_sandbox_credits",
    "secret_key": "0123456789abcdef" * 4,
    "app_base_url": "https://credits.example.com",
    "proxy_hops": 1,
}


@pytest.fixture
def dodo():
    """A Dodo that is set up rightly."""
    with dodo_server() as server:
        server.routes = {
            "/payments": answer({"items": []}),
            PRODUCT: answer({"is_recurring": False, "price": PRICE}),
            "/webhooks": endpoints({}),
            "/webhooks/ep_1/secret": answer({"secret": WEBHOOK_SECRET}),
        }
        yield server


def endpoints(*changes, base=HERE):
    rows = [{"id": "ep_1", "url": base, "filter_types": None} | change for change in changes]
    return answer({"data": rows, "done": True, "iterator": None})


@pytest.fixture(scope="module")
def mailbox():
    """A mail server on this machine."""
    with mail_server(host="127.0.0.1") as server:
        yield server


@pytest.fixture
def doctor(migrated_sqlite, dodo, mailbox):
    """Run the command with some settings; return its exit code and its findings by name."""

    def run(**settings):
        right = {
            "dodo_payments_base_url": dodo.url,
            "secret_key": LIVE["secret_key"],
            "mail_url": f"smtp://127.0.0.1:{mailbox.port}",
            "mail_from": "credits@example.com",
        }
        app = create_app(settings_for(f"sqlite:///{migrated_sqlite}", **right | settings))
        done = app.test_cli_runner().invoke(args=["credits", "doctor", "--json"])
        with app.app_context():
            db.engine.dispose()
        assert done.stderr == ""
        found = json.loads(done.stdout)
        assert found["ok"] == (done.exit_code == 0)
        assert found["ok"] == all(check["status"] != "failed" for check in found["checks"])
        return done.exit_code, {check["name"]: check for check in found["checks"]}

    return run


def bad(checks):
    """The names of what is not right, with how bad it is."""
    return {name: check["status"] for name, check in checks.items() if check["status"] != "ok"}


def test_a_right_set_up_is_all_ok(doctor, database_url):
    sqlite = database_url.startswith("sqlite")
    database = {"database_url": database_url} if sqlite else serving(database_url)
    with running_redis() as redis:
        for settings in ({}, LIVE | {"ratelimit_storage_uri": redis}):
            code, checks = doctor(**database | settings)
            assert (code, bad(checks)) == (0, {})
    assert len(checks) == (18 if sqlite else 20)
    if not sqlite:  # two processes, of each eight threads and three connections beside
        assert ("a pooler" if POOLED else "22 at most") in checks["connections"]["message"]
    assert "real money moves" in checks["mode"]["message"]


def test_each_check_is_one_line(flask, database_url):
    done = flask("credits", "doctor")
    assert (done.exit_code, done.stderr) == (1, "")
    *lines, last = done.stdout.splitlines()
    assert [line.split()[0] for line in lines if line.split()[0] not in ("ok", "warning")] == [
        "failed"
    ]
    warnings = 5 if database_url.startswith("sqlite") else 6  # the tests are a superuser
    assert last == f"1 failed, {warnings} warnings"  # nobody answers at the tests' address
    assert "no real money moves" in done.stdout


def test_without_dodo_the_rest_is_checked(doctor):
    code, checks = doctor(dodo_payments_base_url=f"http://127.0.0.1:{free_port()}", **LIVE)
    assert (code, checks["Dodo"]["status"]) == (1, "failed")
    assert checks["product"]["status"] == "warning"
    assert "Connection refused" in checks["Dodo"]["message"]
    assert checks["schema"]["status"] == "ok"


def test_rate_limits_that_are_not_counted_together_are_told(doctor):
    code, checks = doctor(**LIVE)
    assert (code, bad(checks)) == (0, {"rate limits": "warning"})
    away = f"redis://user:a-secret@127.0.0.1:{free_port()}/0"
    code, checks = doctor(ratelimit_storage_uri=away)
    assert (code, bad(checks)) == (1, {"rate limits": "failed"})
    assert "a-secret" not in str(checks)


def test_a_sandbox_that_is_not_served_says_how_to_serve_it(doctor):
    code, checks = doctor(dodo_payments_base_url="", port=free_port())
    assert code == 1
    assert "make run" in checks["Dodo"]["advice"]


def test_without_a_database_the_rest_is_checked(doctor, database_url, tmp_path):
    gone = f"sqlite:///{tmp_path}/gone/credits.db"
    if database_url.startswith("postgresql"):
        gone = f"postgresql://nobody:hidden@127.0.0.1:{free_port()}/credits"
    code, checks = doctor(database_url=gone)
    assert (code, bad(checks)) == (1, {"database": "failed"})
    assert "hidden" not in str(checks)


def test_a_database_that_is_not_there_is_not_made(doctor, tmp_path):
    code, checks = doctor(database_url=f"sqlite:///{tmp_path}/new.db")
    assert code == 1
    assert "flask db upgrade" in checks["database"]["advice"]
    assert not (tmp_path / "new.db").exists()


def test_an_older_schema_is_found(doctor, database_url):
    newest = doctor(database_url=database_url)[1]["schema"]["message"].split()[-1]
    execute(database_url, "UPDATE alembic_version SET version_num = '0001'")
    try:
        code, checks = doctor(database_url=database_url)
    finally:
        execute(database_url, f"UPDATE alembic_version SET version_num = '{newest}'")
    assert (code, checks["schema"]["status"]) == (1, "failed")
    assert "flask db upgrade" in checks["schema"]["advice"]


def test_an_sqlite_without_its_guarantees_is_found(doctor, monkeypatch):
    shown = {"PRAGMA journal_mode": "delete", "PRAGMA synchronous": 1, "PRAGMA foreign_keys": 0}
    show = database_checks._show
    monkeypatch.setattr(
        database_checks,
        "_show",
        lambda connection, statement: shown.get(statement) or show(connection, statement),
    )
    code, checks = doctor()
    assert (code, checks["durability"]["status"]) == (1, "failed")
    assert "not WAL; synchronous is not FULL" in checks["durability"]["message"]


@pytest.mark.parametrize(
    ("settings", "name", "status"),
    [
        (LIVE | {"secret_key": "short"}, "secret key", "failed"),
        (LIVE | {"secret_key": "a" * 64}, "secret key", "failed"),
        ({"secret_key": "short"}, "secret key", "warning"),
        ({"dodo_webhook_secret": ""}, "webhook secret", "failed"),
        (LIVE | {"dodo_payments_api_key": "dodo_test_abc"}, "API key", "failed"),
        (LIVE | {"dodo_payments_api_key": "sk_abc"}, "API key", "warning"),
        (LIVE | {"dodo_payments_api_key": "dodo_live_ü"}, "API key", "failed"),
        (
            LIVE | {"dodo_payments_environment": "test_mode"},
            "API key",
            "failed",
        ),
        (
            {"dodo_payments_environment": "sandbox", "dodo_payments_api_key": "dodo_live_abc"},
            "API key",
            "failed",
        ),
        (LIVE | {"app_base_url": "http://credits.example.com"}, "address", "failed"),
        (LIVE | {"app_base_url": "https://localhost:8000"}, "address", "failed"),
        (LIVE | {"app_base_url": "https://192.168.1.5"}, "address", "failed"),
        (
            LIVE
            | {
                "dodo_payments_environment": "test_mode",
                "app_base_url": "",
                "dodo_payments_api_key": "dodo_test_abc",
            },
            "address",
            "warning",
        ),
        ({"credit_costs": '{"THEME_GENRATION": 2}'}, "prices", "warning"),
    ],
)
def test_a_setting_that_does_not_fit_is_found(doctor, settings, name, status):
    _code, checks = doctor(**settings)
    assert checks[name]["status"] == status
    assert checks[name]["advice"]


def test_a_live_mode_that_asks_the_test_mode_is_found(doctor, monkeypatch, dodo):
    monkeypatch.setattr("creditsapp.doctor.setup.API_ADDRESSES", {"test_mode": dodo.url})
    code, checks = doctor(**LIVE)
    assert (code, checks["mode"]["status"]) == (1, "failed")


def test_a_price_of_ones_own_is_fine_and_a_misspelt_one_is_named(doctor):
    _code, checks = doctor(credit_costs='{"TRANSLATION": 2}')
    assert checks["prices"]["status"] == "ok"
    _code, checks = doctor(credit_costs='{"IMAGE_GENERATOIN": 2}')
    assert "IMAGE_GENERATION" in checks["prices"]["message"]


def test_two_secrets_are_a_rotation_under_way(doctor):
    code, checks = doctor(dodo_webhook_secret=f"whsec_{'b3RoZXIgc2VjcmV0' * 2},{WEBHOOK_SECRET}")
    assert (code, bad(checks)) == (0, {})
    assert "rotation" in checks["webhook secret"]["message"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_dodo_refuses_is_told_from_a_dodo_that_is_down(doctor, dodo, status):
    dodo.routes["/payments"] = answer({}, status)
    code, checks = doctor()
    assert code == 1
    assert "does not accept the API key" in checks["Dodo"]["message"]
    dodo.routes["/payments"] = answer({}, 503)
    assert "no useful answer" in doctor()[1]["Dodo"]["message"]


def test_a_sandbox_in_dodos_place_is_found(doctor, dodo):
    dodo.routes["/payments"] = answer({"items": []}, **{"X-Dodo-Sandbox": "1"})
    code, checks = doctor(**LIVE)
    assert code == 1
    assert "is a sandbox" in checks["Dodo"]["message"]


@pytest.mark.parametrize(
    ("seconds", "status"), [(0, "ok"), (-20, "ok"), (60, "warning"), (-400, "failed")]
)
def test_a_clock_that_is_not_dodos_is_found(doctor, dodo, seconds, status):
    dodo.date = format_datetime(datetime.now(UTC) - timedelta(seconds=seconds), usegmt=True)
    _code, checks = doctor()
    assert checks["clock"]["status"] == status
    if seconds == 60:
        assert "ahead of" in checks["clock"]["message"]


@pytest.mark.parametrize(
    ("product", "status", "words"),
    [
        ({"is_recurring": True, "price": PRICE}, "failed", "no one-time product"),
        ({"price": PRICE | {"type": "recurring_price"}}, "failed", "no one-time product"),
        ({"price": PRICE | {"currency": "EUR"}}, "failed", "EUR"),
        ({"price": PRICE | {"price": 200}}, "failed", "200 cents"),
        ({"price": PRICE | {"price": "100"}}, "failed", "100 cents"),
        ({"price": PRICE | {"pay_what_you_want": True}}, "failed", "what they want"),
        ({"price": PRICE | {"discount": 10}}, "failed", "discount"),
        ({"price": PRICE | {"discount_bps": 50}}, "failed", "discount"),
        ({"price": PRICE | {"purchasing_power_parity": True}}, "warning", "parity"),
        ({"price": None}, "failed", "no one-time product"),
        ({}, "failed", "None cents"),
    ],
)
def test_a_product_that_is_not_a_dollar_once_is_found(doctor, dodo, product, status, words):
    dodo.routes[PRODUCT] = answer(product)
    code, checks = doctor()
    assert (code == 1, bad(checks)) == (status == "failed", {"product": status})
    assert words in checks["product"]["message"]


def test_a_product_that_is_not_there_is_found(doctor, dodo):
    dodo.routes[PRODUCT] = answer({"code": "NOT_FOUND"}, 404)
    code, checks = doctor()
    assert (code, bad(checks)) == (1, {"product": "failed"})
    assert "DODO_CREDITS_PRODUCT_ID" in checks["product"]["advice"]


@pytest.mark.parametrize(
    ("listed", "status", "words"),
    [
        (endpoints(), "failed", "none at all"),
        (endpoints({"url": "https://other.example.com/api/webhooks/dodo"}), "failed", "other"),
        (endpoints({"url": "https://credits.example.com/webhooks"}), "failed", "/webhooks"),
        (endpoints({"url": "http://["}, {"url": None}), "failed", "none leads"),
        (endpoints({"disabled": True}), "failed", "disabled"),
        (endpoints({"filter_types": ["payment.succeeded"]}), "failed", "dispute.lost"),
        (endpoints({"filter_types": list(EVENTS[:-1])}), "failed", "not get dispute.lost"),
        (endpoints({"filter_types": list(EVENTS)}), "ok", HERE),
        (endpoints({"filter_types": []}), "ok", HERE),
        (endpoints({"url": HERE + "/"}), "ok", HERE),
        (endpoints({}, {"url": "https://other.example.com/"}), "ok", HERE),
        (endpoints({}, {}), "warning", "more than once"),
        (answer({"data": 1}), "failed", "cannot be read"),
    ],
)
def test_an_endpoint_that_does_not_get_what_is_needed_is_found(doctor, dodo, listed, status, words):
    dodo.routes["/webhooks"] = listed
    code, checks = doctor(**LIVE)
    assert checks["webhook endpoint"]["status"] == status
    assert words in checks["webhook endpoint"]["message"]
    assert (code == 1) == (status == "failed")


def test_an_endpoint_with_another_secret_is_found(doctor, dodo):
    dodo.routes["/webhooks/ep_1/secret"] = answer({"secret": "whsec_c29tZSBvdGhlciBzZWNyZXQ="})
    code, checks = doctor()
    assert (code, bad(checks)) == (1, {"webhook signature": "failed"})
    assert "whsec_" not in str(checks)


def test_a_key_that_may_not_read_secrets_is_no_failure(doctor, dodo):
    dodo.routes["/webhooks/ep_1/secret"] = answer({}, 403)
    code, checks = doctor()
    assert (code, bad(checks)) == (0, {"webhook signature": "warning"})


@on_sqlite
def test_control_characters_of_dodo_are_escaped(make_app, dodo):
    dodo.routes[PRODUCT] = answer({"price": PRICE | {"currency": "\x1b[31m"}})
    app = make_app(dodo_payments_base_url=dodo.url)
    done = app.test_cli_runner().invoke(args=["credits", "doctor"])
    assert "\x1b" not in done.stdout and "\\x1b[31m" in done.stdout


def test_a_proxy_that_is_not_told_of_is_noticed(doctor):
    code, checks = doctor(**LIVE | {"proxy_hops": 0})
    assert (code, checks["proxies"]["status"]) == (0, "warning")
    assert "PROXY_HOPS" in checks["proxies"]["advice"]


def test_mails_that_would_not_go_out_are_noticed(doctor):
    assert bad(doctor(mail_url="")[1]) == {}
    code, checks = doctor(mail_url="", **LIVE)
    assert (code, bad(checks)) == (1, {"mail": "failed", "rate limits": "warning"})
    assert "MAIL_URL is not set" in checks["mail"]["message"]
    with mail_server() as plain:
        assert doctor(mail_url=f"smtp://{LOOPBACK}:{plain.port}")[1]["mail"]["status"] == "warning"
        checks = doctor(mail_url=f"smtp://u:hush@{LOOPBACK}:{plain.port}")[1]
        assert "no STARTTLS" in checks["mail"]["message"]
        assert "hush" not in str(checks)
    with mail_server(starttls=certificate()) as unknown:
        checks = doctor(mail_url=f"smtp://{LOOPBACK}:{unknown.port}")[1]
        assert "its certificate is not good" in checks["mail"]["message"]
