"""The settings: read exactly, refused all at once."""

import pytest

from creditsapp.mail.server import parse_mail_url
from creditsapp.prices import Price
from creditsapp.settings import SettingsError, load_settings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LIVE = {
    "DODO_PAYMENTS_ENVIRONMENT": "live_mode",
    "DODO_PAYMENTS_API_KEY": "dodo_live_x",
    "DODO_CREDITS_PRODUCT_ID": "pdt_1",
    "DODO_WEBHOOK_SECRET": SECRET,
    "SECRET_KEY": "s",
    "APP_BASE_URL": "https://credits.example.com/",
}


@pytest.fixture
def load(monkeypatch):
    def with_environment(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return load_settings(_env_file=None)

    return with_environment


def test_nothing_set_means_the_sandbox_with_the_documented_defaults(load):
    settings = load()
    assert settings.sandbox and settings.sandbox_mounted
    assert settings.database_url.startswith("sqlite:///")
    assert (settings.initial_free_credits, settings.credits_per_dollar) == (50, 20)
    assert (settings.min_purchase_dollars, settings.max_purchase_dollars) == (1, 500)
    assert settings.hold_seconds == 900
    assert settings.welcome_requires_verified_email is False


def test_live_mode_names_every_missing_setting_at_once(load):
    with pytest.raises(SettingsError) as refusal:
        load(DODO_PAYMENTS_ENVIRONMENT="live_mode", HOLD_SECONDS="0", PORT="x")
    for name in (*list(LIVE)[1:], "HOLD_SECONDS", "PORT"):
        assert name in str(refusal.value)


@pytest.mark.parametrize("name", list(LIVE)[1:])
def test_live_mode_refuses_to_start_without_any_one_of_them(load, name):
    with pytest.raises(SettingsError, match=name):
        load(**{key: value for key, value in LIVE.items() if key != name})
    assert load(**LIVE).app_base_url == "https://credits.example.com"


def test_test_mode_does_without_secret_key_and_address(load):
    environment = {key: LIVE[key] for key in list(LIVE)[1:4]}
    settings = load(DODO_PAYMENTS_ENVIRONMENT="test_mode", **environment)
    assert settings.welcome_requires_verified_email is True
    assert not settings.sandbox_mounted


def test_an_api_key_needs_an_environment(load):
    with pytest.raises(SettingsError, match="DODO_PAYMENTS_ENVIRONMENT"):
        load(DODO_PAYMENTS_API_KEY="dodo_live_x")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_schemes_of_postgresql_mean_psycopg(load, scheme):
    assert load(DATABASE_URL=f"{scheme}://u@h/d").database_url == "postgresql+psycopg://u@h/d"


def test_prices_are_exact_and_in_any_case(load):
    settings = load(CREDIT_COSTS='{"THEME_GENERATION": 0.1, "image_restyle": 7}')
    assert settings.credit_costs == {
        "theme_generation": Price("0.1"),
        "image_restyle": Price(7),
    }


def test_a_price_per_unit_has_its_unit_and_its_step(load):
    settings = load(
        CREDIT_COSTS='{"SCAN": {"credits": 0.2, "per": "page", "step": 1},'
        ' "CALL": {"credits": 3, "per": "minute"}}'
    )
    assert settings.credit_costs == {
        "scan": Price("0.2", per="page", step=1),
        "call": Price(3, per="minute"),
    }


@pytest.mark.parametrize(
    "price",
    [
        "{}",
        "[]",
        '{"credits": 1}',
        '{"per": "page"}',
        '{"credits": 1, "per": "page", "unit": 2}',
        '{"credits": 1, "step": 1}',
        '{"credits": 0, "per": "page"}',
        '{"credits": -1, "per": "page"}',
        '{"credits": 0.00001, "per": "page"}',
        '{"credits": true, "per": "page"}',
        '{"credits": {}, "per": "page"}',
        '{"credits": 1e99, "per": "page"}',
        '{"credits": 1, "per": 5}',
        '{"credits": 1, "per": null}',
        '{"credits": 1, "per": ""}',
        '{"credits": 1, "per": "a\\u0000b"}',
        '{"credits": 1, "per": "page", "step": 0}',
        '{"credits": 1, "per": "page", "step": null}',
        '{"credits": 1, "per": "page", "step": 0.00001}',
    ],
)
def test_a_wrong_price_per_unit_is_one_clear_line(load, price):
    with pytest.raises(SettingsError) as refusal:
        load(CREDIT_COSTS=f'{{"GOOD": 1, "SCAN": {price}}}')
    (line,) = str(refusal.value).splitlines()
    assert line.startswith("CREDIT_COSTS.SCAN: ")


def test_every_wrong_price_has_its_line(load):
    with pytest.raises(SettingsError) as refusal:
        load(CREDIT_COSTS='{"A": 0, "B": {"credits": 1}, "C": 1}', HOLD_SECONDS="0")
    names = [line.split(":")[0] for line in str(refusal.value).splitlines()]
    assert names == ["CREDIT_COSTS.A", "CREDIT_COSTS.B", "HOLD_SECONDS"]


def test_several_webhook_secrets_are_a_list(load):
    assert load(DODO_WEBHOOK_SECRET=f"{SECRET}, {SECRET}").dodo_webhook_secret == (SECRET, SECRET)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://h/d"),
        ("DATABASE_URL", "nonsense"),
        ("DODO_PAYMENTS_ENVIRONMENT", "production"),
        ("DODO_PAYMENTS_BASE_URL", "ftp://x"),
        ("DODO_WEBHOOK_SECRET", "not base64"),
        ("RATELIMIT_STORAGE_URI", "memory"),
        ("RATELIMIT_STORAGE_URI", "mongodb://127.0.0.1"),
        ("RATELIMIT_STORAGE_URI", "redis://"),
        ("RATELIMIT_STORAGE_URI", "redis://127.0.0.1:port"),
        ("RATELIMIT_STORAGE_URI", "redis://127.0.0.1/first"),
        ("CREDIT_COSTS", "[1]"),
        ("CREDIT_COSTS", "{"),
        ("CREDIT_COSTS", '{"X": 0}'),
        ("CREDIT_COSTS", '{"X": 0.00001}'),
        ("CREDIT_COSTS", '{"X": NaN}'),
        ("CREDIT_COSTS", '{"X": 1, "X": 2}'),
        ("CREDIT_COSTS", '{"X": "many"}'),
        ("CREDIT_COSTS", '{"X": true}'),
        ("CREDIT_COSTS", '{"": 1}'),
        ("CREDIT_COSTS", '{"a\\u0000b": 1}'),
        ("CREDIT_COSTS", f'{{"{"x" * 65}": 1}}'),
        ("INITIAL_FREE_CREDITS", "-1"),
        ("INITIAL_FREE_CREDITS", "1.00001"),
        ("CREDITS_PER_DOLLAR", "0"),
        ("CREDITS_PER_DOLLAR", "twenty"),
        ("MIN_PURCHASE_DOLLARS", "0"),
        ("MAX_PURCHASE_DOLLARS", "1.5"),
        ("HOLD_SECONDS", "0"),
        ("HOLD_SECONDS", "99999999999999"),
        ("DODO_WEBHOOK_SECRET", ","),
        ("DODO_PAYMENTS_BASE_URL", "http://["),
        ("CREDITS_PER_DOLLAR", "1000000000000"),
        ("CREDIT_COSTS", '{"X": 1e99999999999999999999}'),
        ("PROXY_HOPS", "-1"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_setting_is_named(load, name, value):
    with pytest.raises(SettingsError, match=name):
        load(**{name: value})


def test_the_least_purchase_is_not_above_the_most(load):
    with pytest.raises(SettingsError, match="MIN_PURCHASE_DOLLARS"):
        load(MIN_PURCHASE_DOLLARS="10", MAX_PURCHASE_DOLLARS="5")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", ("mail.example.com", 587, False, "", "")),
        (
            "smtps://u%40x:p%2Fq%3A@Mail.Example.com/",
            ("mail.example.com", 465, True, "u@x", "p/q:"),
        ),
        ("smtp://u:p@[::1]:25", ("::1", 25, False, "u", "p")),
    ],
)
def test_a_mail_server_is_read_from_its_address(load, url, server):
    found = parse_mail_url(load(MAIL_URL=url).mail_url)
    assert (found.host, found.port, found.tls_first, found.user, found.password) == server


@pytest.mark.parametrize(
    "url",
    """mail.example.com:25 http://mail.example.com smtp:// smtp://:secret@ smtp://u:secret@ho_st
    smtp://secret@host smtp://:secret@host smtp://u:secret@host:0 smtp://u:secret@host:99999
    smtp://u:secret@host/x smtp://u:secret@host?tls=no smtp://u:secret@host#x smtp://u:sec/ret@host
    smtp://u:secret%0a@host smtp://u:secret%ff@host""".split(),
)
def test_a_wrong_address_of_a_mail_server_is_refused_without_telling_its_password(load, url):
    with pytest.raises(SettingsError, match="MAIL_URL: ") as refusal:
        load(MAIL_URL=url)
    assert "secret" not in str(refusal.value)


def test_the_password_of_the_mail_server_is_not_shown(load):
    assert "hush" not in repr(load(MAIL_URL="smtp://u:hush@host"))


def test_who_mails_come_from_is_set_or_the_host_of_the_app(load):
    assert load().sender == "credits@localhost"
    assert load(**LIVE, MAIL_URL="smtp://host").sender == "credits@credits.example.com"
    with pytest.raises(SettingsError, match="MAIL_FROM: is required"):
        load(**LIVE | {"APP_BASE_URL": "https://192.0.2.1"}, MAIL_URL="smtp://host")
    assert load(MAIL_FROM="Ünser Laden <a.b+c@example.com>").sender.endswith("<a.b+c@example.com>")


@pytest.mark.parametrize(
    "sender",
    ["x", "a@b@c", "a@b\nBcc: c@d", "A <a@b", "a@b c@d", "Ä, B <a@b>", "<a@b>", "\u202eX <a@b>"],
)
def test_a_wrong_sender_is_refused(load, sender):
    with pytest.raises(SettingsError, match="MAIL_FROM: "):
        load(MAIL_FROM=sender)


def test_metrics_are_not_served_on_the_apps_own_port():
    with pytest.raises(SettingsError, match="METRICS_PORT: is PORT"):
        load_settings(_env_file=None, port=8000, metrics_port=8000)
