"""Refusals as Dodo words them, as JSON for programs and as a page for people."""

import http

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException


class ApiError(Exception):
    """A request that the sandbox refuses, with Dodo's error code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def not_found(what: str) -> ApiError:
    """The refusal for an id that does not exist."""
    return ApiError(404, "NOT_FOUND", f"This {what} does not exist.")


def invalid(message: str, code: str = "INVALID_REQUEST_BODY") -> ApiError:
    """The refusal for a request that cannot be understood."""
    return ApiError(422, code, message)


def wants_json() -> bool:
    """Whether the caller is a program: the whole API, and the controls when asked with JSON."""
    if request.blueprint == "checkout":
        return False
    if request.blueprint == "controls":
        asks = request.accept_mimetypes.best == "application/json"
        return request.is_json or asks or request.method == "DELETE"
    return True


def register(app: Flask) -> None:
    """Answer refusals, and what Flask itself refuses, in one form."""
    app.register_error_handler(ApiError, _answer)
    app.register_error_handler(HTTPException, _answer_http)


def _answer(error: ApiError) -> ResponseReturnValue:
    if wants_json():
        return {"code": error.code, "message": error.message}, error.status
    page = render_template("message.html", title="That did not work", message=error.message)
    return page, error.status


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    code = http.HTTPStatus(error.code).name
    answer = _answer(ApiError(error.code, code, error.description or code))
    response = error.get_response()
    if "Allow" in response.headers:
        return (*answer, {"Allow": response.headers["Allow"]})
    return answer
