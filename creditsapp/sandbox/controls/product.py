"""Changing the product, as somebody could in Dodo's dashboard."""

from flask.typing import ResponseReturnValue

from creditsapp.sandbox import catalogue
from creditsapp.sandbox.context import current
from creditsapp.sandbox.controls import bp
from creditsapp.sandbox.controls.fields import ON_NOW, done, fields, number, switch


@bp.post("/product")
def change_product() -> ResponseReturnValue:
    """Change the product; fields that are left out are as they should be."""
    given = fields()
    numbers = {
        "price": number(given, "price", 1, 100_000),
        "discount": number(given, "discount", 0, 100),
    }
    changes = {name: value for name, value in numbers.items() if value is not None}
    for name in ("is_recurring", "pay_what_you_want", "tax_inclusive"):
        changes[name] = switch(given, name)
    with current().store.transaction() as tx:
        return done(catalogue.change(tx, changes), ON_NOW)
