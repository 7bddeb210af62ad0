"""`flask credits refund`: money goes back through Dodo, and the credits follow its event."""

import click

from creditsapp.commands.common import printable
from creditsapp.commands.credits import credits_group
from creditsapp.commands.deciding import decided, key_option, reason_option
from creditsapp.dodo import dodo_client
from creditsapp.formatting import money
from creditsapp.models import RefundRequest
from creditsapp.services import attaching, refunding


@credits_group.command()
@click.argument("either_id", metavar="ID")
@click.option(
    "--dollars", type=click.IntRange(1, 2**31 - 1), help="So many dollars of the price; all of it."
)
@reason_option
@key_option
def refund(either_id: str, dollars: int | None, reason: str, key: str | None) -> None:
    """Ask Dodo to refund a payment, or a purchase. Its answer lost, nothing is asked twice."""
    decision = decided(reason, key)
    request = refunding.refund(dodo_client(), either_id, decision, dollars=dollars)
    if refunding.status_of(request) == "failed":
        raise click.ClickException(
            f"The refund {printable(request.refund_id or '')} failed at Dodo; no money went back."
        )
    click.echo(
        f"Dodo took the refund of {_amount(request)} of {printable(request.payment_id)}:"
        f" {printable(request.refund_id or '')}, {printable(refunding.status_of(request))}."
        " Its credits are taken back by its webhook, or by reconcile."
    )


def _amount(request: RefundRequest) -> str:
    if request.amount is None:
        return "all that was left"
    return money(request.amount, attaching.find(request.payment_id).currency or "USD")
