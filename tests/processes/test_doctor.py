"""The set-up checklist against the servers that it is about."""

import json

import pytest

pytestmark = pytest.mark.processes


def test_a_running_sandbox_is_set_up_rightly(servers):
    answer = servers.flask("credits", "doctor", "--json")
    checks = json.loads(answer.stdout)["checks"]
    assert (answer.returncode, answer.stderr) == (0, "")
    not_ok = [check["name"] for check in checks if check["status"] != "ok"]
    assert [name for name in not_ok if name != "role"] == ["secret key"]  # a superuser's
