"""Lighthouse, as on a slow phone, for the pages that people see most."""

import json
import os
import shutil
import subprocess
import sys

import httpx

from creditsapp.extensions import db
from creditsapp.models import User
from tests.browser.conftest import FLAGS
from tests.builders import PASSWORD, csrf_token
from tests.gallery import states

LEAST = 95
ATTEMPTS = 3  # on a busy machine it misses the beginning of a page now and then
CATEGORIES = ("performance", "accessibility", "best-practices")
SIGNED_OUT = ("/", "/auth/login")
SIGNED_IN = (
    "/studio/",
    states.LEDGER,
    states.PURCHASE,
    states.IMAGE,
    "/credits/purchases/{paid}",
)


def check(gallery, url, modules, folder):
    """Print a table; return the scores that are too low, a line each."""
    person = gallery.people["full"]
    cookie = _sign_in(gallery, url, person)
    problems = []
    sys.stdout.write(f"{'Lighthouse':32} {'  '.join(CATEGORIES)}\n")
    for path in (*SIGNED_OUT, *SIGNED_IN):
        headers = {"Cookie": cookie} if path in SIGNED_IN else {}
        scores = _scores(url + path.format(**person.ids), headers, modules, folder)
        widths = [f"{scores[category]:>{len(category)}}" for category in CATEGORIES]
        sys.stdout.write(f"{path:32} {'  '.join(widths)}\n")
        problems += [
            f"{path}: {category} is {score}, less than {LEAST}"
            for category, score in scores.items()
            if score < LEAST
        ]
    sys.stdout.write("\n")
    return problems


def _sign_in(gallery, url, person):
    """The cookie of a real sign-in."""
    with gallery.app.app_context():
        email = db.session.get_one(User, person.user_id).email
    with httpx.Client(base_url=url) as client:
        token = csrf_token(client.get("/auth/login").text)
        fields = {"csrf_token": token, "email": email, "password": PASSWORD}
        assert client.post("/auth/login", data=fields).status_code == 303
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _scores(address, headers, modules, folder):
    extra, report = folder / "headers.json", folder / "lighthouse.json"
    extra.write_text(json.dumps(headers))
    command = [
        str(modules / ".bin" / "lighthouse"),
        address,
        "--quiet",
        "--output=json",
        f"--output-path={report}",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--extra-headers={extra}",
        f"--chrome-flags=--headless=new {' '.join(FLAGS)}",
    ]
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    for _ in range(ATTEMPTS):
        ended = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"CHROME_PATH": browser},
        )
        if ended.returncode == 0:
            break
    else:
        raise SystemExit(f"Lighthouse failed {ATTEMPTS} times at {address}:\n{ended.stderr}")
    found = json.loads(report.read_text())["categories"]
    return {category: round(100 * found[category]["score"]) for category in CATEGORIES}
