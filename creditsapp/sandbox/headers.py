"""The headers of every answer."""

from flask import Response, g, request

from creditsapp.headers import ON_EVERY_ANSWER

SANDBOX_HEADER = "X-Dodo-Sandbox"


def allow_form_action(*origins: str) -> None:
    """Let forms of this answer lead to other origins: Chromium checks redirects too."""
    g.form_action = ["'self'", *origins]


def add_headers(response: Response) -> Response:
    """Mark the answer as the sandbox's and close it to scripts and frames."""
    form_action = " ".join(dict.fromkeys(g.get("form_action", ["'self'"])))
    response.headers[SANDBOX_HEADER] = "1"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
        f" frame-ancestors 'none'; form-action {form_action}"
    )
    response.headers.update(ON_EVERY_ANSWER)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
