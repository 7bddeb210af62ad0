"""`flask credits grants`, `approve-grant` and `reject-grant`: what waits for a second operator."""

from typing import Any

import click

from creditsapp.commands.common import as_json_option, print_json, printable
from creditsapp.commands.credits import credits_group
from creditsapp.commands.deciding import decided, key_option, reason_option
from creditsapp.formatting import iso, number, signed
from creditsapp.models import GrantRequest
from creditsapp.models.types import exact
from creditsapp.services import accounts, grant_requests

ID = click.IntRange(1, 2**63 - 1)


@credits_group.command("grants")
@as_json_option
def list_grants(as_json: bool) -> None:
    """List the grants that took a second operator, or wait for one."""
    requests = list(grant_requests.requests())
    emails = accounts.emails({request.user_id for request in requests})
    rows = [_row(request, emails) for request in requests]
    if as_json:
        print_json({"grants": rows})
        return
    for request, row in zip(requests, rows, strict=True):
        decided_by = f", {row['status']} by {row['decidedBy']}" if row["decidedBy"] else ""
        click.echo(
            f"{row['id']:>4}  {request.created_at:%Y-%m-%d %H:%M}  {row['status']:<8}"
            f"  {printable(row['email'])}  {signed(request.amount)}  {row['type']}"
            f"  asked by {printable(row['requestedBy'] + decided_by)}: {printable(row['reason'])}"
        )


def _row(request: GrantRequest, emails: dict[int, str]) -> dict[str, Any]:
    return {
        "id": request.id,
        "email": emails.get(request.user_id, f"user {request.user_id}"),
        "amount": exact(request.amount),
        "type": request.type,
        "reason": request.reason,
        "status": grant_requests.state(request),
        "requestedBy": request.requested_by,
        "createdAt": iso(request.created_at),
        "expiresAt": iso(request.expires_at),
        "decidedBy": request.decided_by,
        "decidedAt": request.decided_at and iso(request.decided_at),
        "number": request.entry_number,
    }


@credits_group.command("approve-grant")
@click.argument("request_id", metavar="ID", type=ID)
@reason_option
@key_option
def approve_grant(request_id: int, reason: str, key: str | None) -> None:
    """Give what another operator asked for; never one's own request."""
    request, entry = grant_requests.approve(request_id, decided(reason, key))
    click.echo(
        f"request {request.id} is granted: {signed(entry.amount)} as entry {entry.number};"
        f" the balance after it is {number(entry.balance_after)}"
    )


@credits_group.command("reject-grant")
@click.argument("request_id", metavar="ID", type=ID)
@reason_option
@key_option
def reject_grant(request_id: int, reason: str, key: str | None) -> None:
    """Decide that what another operator asked for is not given."""
    request = grant_requests.reject(request_id, decided(reason, key))
    click.echo(f"request {request.id} is rejected; no credits were given")
