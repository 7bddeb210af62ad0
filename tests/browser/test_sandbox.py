"""The sandbox's page in Chromium: what is broken is seen and mended, and payments go on."""

import re

import httpx
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def database_url(migrated_sqlite, tmp_path):
    """The page does not depend on the shop's database."""
    path = tmp_path / "credits.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{path}"


def test_every_control_is_found_without_a_script(open_window, servers):
    window = open_window(java_script_enabled=False, viewport={"width": 360, "height": 900})
    page = window.page
    address = f"http://127.0.0.1:{servers.sandbox_port}"

    page.goto(f"{address}/sandbox/")
    page.get_by_text("Break the API").click()
    page.get_by_label("What goes wrong").select_option("Server error (500)")
    page.get_by_label("How often").fill("1")
    page.get_by_role("button", name="Break it").click()
    assert "server error (500), every request, once more" in page.get_by_role("status").inner_text()
    key = {"Authorization": "Bearer sandbox"}
    assert httpx.get(f"{address}/payments", headers=key).status_code == 500

    page.get_by_text("Break or send webhooks").click()
    page.get_by_label("What happens").select_option("Lose it")
    page.get_by_role("button", name="Switch on").click()
    page.get_by_text("Pay without a checkout").click()
    page.get_by_label("Quantity").fill("3")
    page.get_by_role("button", name="Pay", exact=True).click()
    payment = page.get_by_role("article")
    assert "lost" in payment.inner_text()

    page.get_by_role("button", name="Switch everything off").click()
    assert page.get_by_role("status").count() == 0
    payment.get_by_text("Refund, dispute or pay again").click()
    payment.get_by_label("Which is at first").select_option("Pending")
    payment.get_by_role("button", name="Refund", exact=True).click()
    payment.get_by_role("button", name=re.compile("Refund of .*: Succeeded")).click()
    assert "fully refunded" in payment.inner_text()
    payment.get_by_text("Refund, dispute or pay again").click()
    payment.get_by_role("button", name="Open a dispute").click()
    payment.get_by_role("button", name=re.compile("^Win")).click()
    assert "won" in payment.inner_text()


def test_the_page_fits_every_window(open_window, servers):
    window = open_window()
    address = f"http://127.0.0.1:{servers.sandbox_port}/sandbox"
    for path, fields in (
        ("payments", {"currency": "KWD", "quantity": 9999}),
        ("faults", {"fault": "lose_answer", "path": "/refunds"}),
        ("webhooks/modes", {"mode": "reorder"}),
        ("webhooks/send", {"type": "payment.unheard_of"}),
    ):
        made = httpx.post(f"{address}/{path}", json=fields).json()
        if path == "payments":
            httpx.post(f"{address}/payments/{made['payment_id']}/refund", json={"amount": 1})
            dispute = {"status": "dispute_opened"}
            httpx.post(f"{address}/payments/{made['payment_id']}/dispute", json=dispute)
    window.page.goto(f"{address}/")
    window.picture("sandbox")
    window.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    window.picture("sandbox-open")
