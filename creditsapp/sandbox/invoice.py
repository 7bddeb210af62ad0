"""The invoice of a payment."""

from typing import Any

from fpdf import FPDF

from creditsapp.sandbox import catalogue
from creditsapp.sandbox.amounts import money


def invoice_pdf(payment: dict[str, Any]) -> bytes:
    """One page: what was bought, for how much, by whom."""
    tax = payment["tax"] or 0
    quantity, currency = payment["product_cart"][0]["quantity"], payment["currency"]
    pdf = FPDF()
    pdf.set_title(f"Invoice {payment['invoice_id']}")
    pdf.add_page()
    pdf.set_font("Helvetica", "B", 18)
    pdf.cell(text="Invoice (sandbox: no real money)", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", size=11)
    pdf.ln(6)
    for label, value in (
        ("Invoice", payment["invoice_id"]),
        ("Payment", payment["payment_id"]),
        ("Date", payment["created_at"][:10]),
        ("Billed to", payment["customer"]["email"]),
        ("Status", payment["status"]),
        (f"{catalogue.NAME} x {quantity}", money(payment["total_amount"] - tax, currency)),
        ("Tax", money(tax, currency)),
        ("Total", money(payment["total_amount"], currency)),
    ):
        # The built-in fonts know Latin-1 only, and an address may hold anything.
        plain = value.encode("latin-1", "replace").decode("latin-1")
        pdf.cell(w=50, h=8, text=label)
        pdf.cell(h=8, text=plain, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())
