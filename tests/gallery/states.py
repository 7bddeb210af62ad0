"""The list. A state more is a line more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.builders import PASSWORD
from tests.gallery import acts
from tests.gallery.making import picture

PURCHASE = "/credits/purchase"
LEDGER = "/credits/"
ORDERS = "/credits/purchases"
ACCOUNT = "/auth/account"
FORGOT = "/auth/forgot"
THEME = "/studio/theme_generation"
IMAGE = "/studio/image_generation"
RESTYLE = "/studio/image_restyle"
CONVERT = "/studio/document_conversion"
ORDER_STATUSES = ("created", "pending", "failed", "cancelled", "expired", "review", "rejected")
PAID_ORDERS = ("paid", "taxed", "refunded_in_part", "refunded", "disputed", "won")


@dataclass(frozen=True)
class State:
    """What `who` sees at `path`, after a form is sent there or something is done by the script."""

    name: str
    path: str
    who: str = "nobody"
    status: int = 200
    post: dict[str, Any] | None = None
    act: Callable[[Any], None] | None = None


STATES = [
    State("landing", "/"),
    State("register", "/auth/register"),
    State("register-on-the-way", f"/auth/register?next={THEME}"),
    State("register-wrong", "/auth/register", status=422, post={"email": "a@", "password": "x"}),
    State("register-nothing", "/auth/register", status=422, post={}),
    State("sign-in", "/auth/login"),
    State("sign-in-on-the-way", f"/auth/login?next={THEME}"),
    State(
        "sign-in-wrong",
        "/auth/login",
        status=422,
        post={"email": "a@example.com", "password": PASSWORD},
    ),
    State(
        "sign-in-expired", "/auth/login", status=422, post={"email": "a@b.de", "csrf_token": "old"}
    ),
    State(
        "register-taken",
        "/auth/register",
        status=422,
        post={"email": "person0@example.com", "password": PASSWORD},
    ),
    State(
        "register-common",
        "/auth/register",
        status=422,
        post={"email": "b@example.com", "password": "password"},
    ),
    State("register-sent", "/auth/sent/register"),
    State("forgot", FORGOT),
    State("forgot-wrong", FORGOT, status=422, post={"email": ""}),
    State("forgot-sent", "/auth/sent/reset"),
    State("reset", "/auth/reset/{reset}"),
    State("reset-wrong", "/auth/reset/{reset}", status=422, post={"new_password": "password"}),
    State("confirm-account", "/auth/verify/{register}"),
    State("confirm-address", "/auth/verify/{verify}"),
    State("confirm-other-address", "/auth/verify/{email}"),
    State("confirm-expired", "/auth/verify/{verify}", status=422, post={"csrf_token": "old"}),
    State("link-used", "/auth/verify/{used}", status=410),
    State("link-old", "/auth/reset/{old}", status=410),
    State("link-broken", "/auth/verify/broken", status=410),
    State("link-broken-signed-in", "/auth/verify/broken", "new", 410),
    State("email", "/auth/email", "new"),
    State("email-wrong", "/auth/email", "new", 422, post={"email": "a@"}),
    State("delete", "/auth/delete", "new"),
    State("delete-debt", "/auth/delete", "debtor"),
    State("delete-long", "/auth/delete", "full"),
    State("delete-wrong", "/auth/delete", "new", 422, post={"current_password": "wrong"}),
    State("signed-out-meanwhile", THEME, post={"prompt": "the sea"}),
    State("account", ACCOUNT, "new"),
    State("account-long", ACCOUNT, "full"),
    State("account-nameless", ACCOUNT, "low"),
    State("account-wrong", ACCOUNT, "new", 422, post={"new_password": "x"}),
    State("account-confirmed", ACCOUNT, "confirmed"),
    State("account-crowded", ACCOUNT, "crowded"),
    State("account-link-sent", "/auth/resend", "crowded", post={}),
    State("signed-out-everywhere", "/auth/sign-out-everywhere", "leaving", post={}),
    State("name-wrong", "/auth/name", "new", 422, post={"name": "x" * 121}),
    State("alerts", "/auth/alerts", "new"),
    State("alerts-wrong", "/auth/alerts", "new", 422, post={"credits": "-1"}),
    State("sign-out-expired", "/auth/logout", "new", 400, post={"csrf_token": "old"}),
    State("studio-new", "/studio/", "new"),
    State("studio-full", "/studio/", "full"),
    State("studio-many", "/studio/", "many"),
    State("studio-low", "/studio/", "low"),
    State("studio-one", "/studio/", "one"),
    State("studio-empty", "/studio/", "empty"),
    State("studio-penniless", "/studio/", "penniless"),
    State("studio-debt", "/studio/", "debtor"),
    State("studio-reserving", "/studio/", "reserving"),
    State("theme", THEME, "new"),
    State("theme-typed", f"{THEME}?prompt=the+sea+%22%3Cb%3E", "full"),
    State("theme-wrong", THEME, "new", 422, post={"prompt": ""}),
    State("theme-expired", THEME, "new", 422, post={"prompt": "the sea", "csrf_token": "old"}),
    State("theme-402", THEME, "empty", 402, post={"prompt": "the sea"}),
    State("theme-busy", THEME, "new", act=acts.busy),
    State("image", IMAGE, "new"),
    State("image-402", IMAGE, "low", 402, post={"prompt": "the sea"}),
    State("image-402-debt", IMAGE, "debtor", 402, post={"prompt": "the sea"}),
    State("image-dialog", IMAGE, "low", act=acts.open_dialog),
    State("image-dialog-reserving", IMAGE, "reserving", act=acts.open_dialog),
    State("image-refused-by-script", THEME, "new", act=acts.refused),
    State("restyle", RESTYLE, "new"),
    State("restyle-wrong", RESTYLE, "new", 422, post={"style": "poster", "image": b"no picture"}),
    State("restyle-402", RESTYLE, "low", 402, post={"style": "poster", "image": picture()}),
    State("convert", CONVERT, "new"),
    State("convert-wrong", CONVERT, "new", 422, post={"format": "pdf", "text": ""}),
    *(
        State(f"creation-{kind}", f"/studio/creations/{{{kind}}}", "full")
        for kind in ("theme", "picture", "restyled", "slides", "word", "pdf")
    ),
    State("creation-hostile", "/studio/creations/{slides}", "hostile"),
    State("creations-new", "/studio/creations", "new"),
    State("creations-full", "/studio/creations", "full"),
    State("creations-chosen", "/studio/creations?operation=theme_generation", "full"),
    State("creations-none-chosen", "/studio/creations?operation=nothing", "full"),
    State("creations-nothing-older", "/studio/creations?before=1", "full"),
    State("ledger-new", LEDGER, "new"),
    State("ledger-full", LEDGER, "full"),
    State("ledger-open", LEDGER, "full", act=acts.open_details),
    State("ledger-older", f"{LEDGER}?before=120", "full"),
    State("ledger-oldest", f"{LEDGER}?before=5", "full"),
    State("ledger-nothing-older", f"{LEDGER}?before=1", "full"),
    State("ledger-filtered", f"{LEDGER}?type=usage&q=Donau", "full"),
    State("ledger-no-match", f"{LEDGER}?type=bonus&q=nowhere", "full"),
    State("ledger-hostile", LEDGER, "hostile", act=acts.open_details),
    State("ledger-one", LEDGER, "one"),
    State("ledger-low", LEDGER, "low"),
    State("ledger-empty", LEDGER, "empty"),
    State("ledger-penniless", LEDGER, "penniless"),
    State("ledger-debt", LEDGER, "debtor"),
    State("ledger-corrected", LEDGER, "corrected"),
    State("ledger-reserving", LEDGER, "reserving"),
    State("ledger-buyer", LEDGER, "buyer", act=acts.open_details),
    State("ledger-filter-wrong", f"{LEDGER}?type=gift&from=soon&to=2026-02-30", "full", 400),
    State("orders", ORDERS, "buyer"),
    State("orders-one", ORDERS, "one"),
    State("orders-none", ORDERS, "new"),
    State("buy", PURCHASE, "low"),
    State("buy-100", f"{PURCHASE}?dollars=100&next={IMAGE}", "low"),
    State("buy-debt", PURCHASE, "debtor"),
    State("buy-plenty", PURCHASE, "full"),
    State("buy-plenty-open", PURCHASE, "full", act=acts.open_details),
    State("buy-left", f"{PURCHASE}?cancelled={{pending}}", "buyer"),
    State("buy-wrong", PURCHASE, "low", 422, post={"dollar_amount": "0", "form_key": "a"}),
    State("buy-wrong-plenty", PURCHASE, "full", 422, post={"dollar_amount": "x", "form_key": "a"}),
    State("buy-no-answer", PURCHASE, "low", 503, post={"dollar_amount": "5", "form_key": "b"}),
    *(
        State(f"success-{status}", f"/credits/success?purchase={{{status}}}", "buyer")
        for status in (*ORDER_STATUSES, "paid", "won")
    ),
    *(
        State(f"order-{status}", f"/credits/purchases/{{{status}}}", "buyer")
        for status in (*ORDER_STATUSES, *PAID_ORDERS)
    ),
    State("invoice-no-answer", "/credits/purchases/{paid}/invoice", "buyer", 503),
    State("portal-nobody-there", "/credits/portal", "new", 404, post={}),
    *(
        State(f"german-{name}", f"{path}?lang=de", "german")
        for name, path in {
            "studio": "/studio/",
            "theme": THEME,
            "creation": "/studio/creations/{theme}",
            "ledger": LEDGER,
            "orders": ORDERS,
            "buy": PURCHASE,
            "order": "/credits/purchases/{paid}",
            "account": ACCOUNT,
        }.items()
    ),
    State("error-400", f"{LEDGER}?before=x", "new", 400),
    State("error-401", "/-/error/401", status=401),
    State("error-402", "/-/error/402", "low", 402),
    State("error-403", "/-/error/403", "new", 403),
    State("error-404", "/nowhere", status=404),
    State("error-404-signed-in", "/studio/creations/none", "new", 404),
    State("error-405", "/auth/logout", "new", 405),
    State("error-409", "/-/error/409", "new", 409),
    State("error-413", "/-/error/413", "new", 413),
    State("error-415", "/-/error/415", "new", 415),
    State("error-422", "/-/error/422", "new", 422),
    State("error-429", "/-/error/429", "new", 429),
    State("error-500", "/-/error/500", "new", 500),
    State("error-503", "/-/error/503", "new", 503),
]
