"""Requests made up from the description of the JSON interface, right ones and wrong ones.

By `schemathesis`: no server error, no answer that is not described, nothing wrong accepted.
"""

import os
from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks

from tests.builders import csrf_token, register

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", 60)) // 10


def no_mistake_of_ours(_context, response, _case):
    """A database or a provider may be away; anything else of 500 and above is a bug."""
    assert response.status_code < 500 or response.status_code == 503, response.text


def wrong_json_is_refused(_context, response, case):
    """What the description does not allow in a body is not done."""
    body = case.meta.components.get(ParameterLocation.BODY)
    if body and body.mode.is_negative and case.media_type == "application/json":
        assert response.status_code >= 400, case.as_curl_command()


CHECKS = [
    no_mistake_of_ours,
    wrong_json_is_refused,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.timeout(3600),
]


@pytest.fixture
def known(client):
    """The headers and cookies of somebody who is signed in."""
    register(client)
    token = csrf_token(client.get("/studio/").text)
    session = client.get_cookie("session").value
    return {"headers": {"X-CSRFToken": token}, "cookies": {"session": session}}


@pytest.mark.parametrize("mode", GenerationMode)
def test_no_made_up_request_gets_an_answer_that_is_not_described(app, client, known, mode):
    described = client.get("/api/openapi.json").json
    seen = {status for _path, status in asked(app, described, mode, known)}
    assert seen >= ({200, 201, 401} if mode.is_positive else {400, 401})


def test_an_answer_that_is_missing_in_the_description_is_found_out(app, client, known):
    described = client.get("/api/openapi.json").json
    del described["paths"]["/api/credits"]["get"]["responses"]["200"]
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        asked(app, described, GenerationMode.POSITIVE, known)


def asked(app, described, mode, known):
    """Send made-up requests, one of ten by somebody unknown; return paths and statuses."""
    schema, seen = schemathesis.openapi.from_dict(described), set()
    schema.app = app
    for operation in [found.ok() for found in schema.get_all_operations()]:

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), who=st.integers(0, 9))
        def holds(case, who):
            answer = case.call_and_validate(checks=CHECKS, **(known if who else {}))
            seen.add((case.path, answer.status_code))

        with suppress(Unsatisfiable):  # where nothing is asked for, nothing can be wrong
            holds()
    return seen
