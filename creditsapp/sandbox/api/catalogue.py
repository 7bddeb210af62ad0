"""Products: the one that there is."""

from flask.typing import ResponseReturnValue

from creditsapp.sandbox import catalogue
from creditsapp.sandbox.api import bp
from creditsapp.sandbox.context import current
from creditsapp.sandbox.errors import not_found


@bp.get("/products/<product_id>")
def product(product_id: str) -> ResponseReturnValue:
    """Show the product."""
    if product_id != current().product_id:
        raise not_found("product")
    with current().store.reading() as tx:
        return catalogue.product(product_id, catalogue.settings(tx))
