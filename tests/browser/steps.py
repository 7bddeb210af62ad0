"""Steps of a person through the pages, by the words on them."""

import itertools
import re

from tests.builders import PASSWORD

_numbers = itertools.count(1)

CREATE_ACCOUNT = re.compile("create|sign up|register", re.I)
PROMPT = re.compile("prompt|describe|what", re.I)
GENERATE = re.compile("^Generate")
CONTINUE = re.compile("^Continue")
BACK = re.compile("back to", re.I)


def register(page, email=None):
    page.goto("/auth/register")
    page.get_by_label(re.compile("E-mail")).fill(email or f"person{next(_numbers)}@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=CREATE_ACCOUNT).click()
    page.wait_for_url("**/studio/")


def sign_in(page, email):
    page.goto("/auth/login")
    page.get_by_label(re.compile("E-mail")).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=re.compile("^Sign in")).click()
    page.wait_for_url("**/studio/")


def want(page, operation, words):
    """Fill in an operation's form and send it."""
    page.goto(f"/studio/{operation}")
    page.get_by_label(PROMPT).first.fill(words)
    page.get_by_role("button", name=GENERATE).click()


def make(page, operation, words):
    want(page, operation, words)
    page.wait_for_url("**/creations/*")


def badge(page):
    return page.locator("#badge")
