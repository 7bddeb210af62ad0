"""Forms as a browser sends them."""

from tests.builders import PASSWORD, csrf_token


def send(client, path, **fields):
    """Open a page and send its form."""
    page = client.get(path)
    return client.post(path, data={"csrf_token": csrf_token(page.text)} | fields)


def press(client, path, **fields):
    """Press a button of the account page that leads to an address without a page."""
    token = csrf_token(client.get("/auth/account").text)
    return client.post(path, data={"csrf_token": token} | fields)


def sign_in(client, email="ada@example.com", password=PASSWORD, path="/auth/login", **more):
    """Sign in by the form."""
    return send(client, path, email=email, password=password, **more)


def is_signed_in(client):
    """Whether a browser's session is worth something."""
    return client.get("/api/credits/balance").status_code == 200
