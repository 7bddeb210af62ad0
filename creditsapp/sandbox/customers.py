"""Who buys: customers by e-mail address."""

from typing import Any

from creditsapp.sandbox import parsing
from creditsapp.sandbox.errors import not_found
from creditsapp.sandbox.ids import new_id
from creditsapp.sandbox.store import Document, Transaction
from creditsapp.sandbox.times import iso


def create(
    tx: Transaction,
    *,
    email: str,
    name: str,
    phone_number: str | None = None,
    metadata: dict[str, Any] | None = None,
) -> Document:
    """Add a customer; several may have one e-mail address."""
    document = {
        "customer_id": new_id("cus"),
        "email": email,
        "name": name,
        "phone_number": phone_number,
        "metadata": metadata or {},
        "created_at": iso(),
    }
    tx.add("customer", document["customer_id"], document)
    return document


def attach(tx: Transaction, *, email: str, name: str, always_new: bool = False) -> Document:
    """The newest customer with an e-mail address, or a new one."""
    known = [] if always_new else tx.find("customer", equal={"email": email}, page_size=1)
    return known[0] if known else create(tx, email=email, name=name)


def of_checkout(tx: Transaction, body: dict[str, Any]) -> Document | None:
    """The customer that a checkout request names, if it names one."""
    wanted = parsing.section(body, "customer")
    if not wanted:
        return None
    if "customer_id" in wanted:
        customer = tx.get("customer", parsing.required_text(wanted, "customer_id"))
        if customer is None:
            raise not_found("customer")
        return customer
    return attach(
        tx,
        email=parsing.email(wanted),
        name=parsing.text(wanted, "name") or "",
        always_new=parsing.flag(
            parsing.section(body, "feature_flags"), "always_create_new_customer"
        ),
    )
