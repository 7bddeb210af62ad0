"""What the JSON interface answers, by its fields."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, WithJsonSchema
from pydantic.json_schema import models_json_schema

from creditsapp.models.purchase import PURCHASE_STATUSES

REFERENCE = "#/components/schemas/{model}"

Credits = Annotated[Decimal, WithJsonSchema({"type": "number"})]
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Id = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
EntryType = Literal["initial", "purchase", "usage", "bonus", "refund", "dispute", "adjustment"]


class Balance(BaseModel):
    """What somebody has. `version` counts the entries of the ledger."""

    balance: Annotated[Credits, Field(description="All credits; below 0 after a refund.")]
    held: Annotated[Credits, Field(description="What work under way has reserved.")]
    available: Annotated[Credits, Field(description="What can be spent: balance less held.")]
    version: int


class LedgerEntry(BaseModel):
    """One movement of credits; it never changes."""

    id: str
    number: Annotated[int, Field(ge=1, description="1, 2, 3 … without a gap.")]
    amount: Annotated[Credits, Field(description="Below 0 for what was spent or taken back.")]
    balanceAfter: Credits
    type: EntryType
    operation: Annotated[str | None, Field(description="What it was spent on.")]
    description: str
    metadata: dict[str, Any]
    createdAt: Moment


class LedgerPage(BaseModel):
    """The balance and a page of the ledger, newest first."""

    balance: Credits
    held: Credits
    available: Credits
    transactions: list[LedgerEntry]
    nextBefore: Annotated[
        int | None, Field(description="Ask with `before` for what is older; null at the end.")
    ]


class Order(BaseModel):
    """An order of credits that waits for its payment."""

    checkoutUrl: Annotated[str, Field(description="Where it is paid.")]
    sessionId: str
    purchaseId: Id
    dollarAmount: int
    creditAmount: Credits


class OrderStatus(BaseModel):
    """What became of an order. Only `paid` has given credits."""

    purchaseId: Id
    status: Literal[PURCHASE_STATUSES]  # type: ignore[valid-type]  # the model's own list
    dollarAmount: int
    creditAmount: Credits
    balance: Credits


class Creation(BaseModel):
    """What an operation made, and what it cost."""

    id: Id
    operation: str
    cost: Credits
    creditsRemaining: Annotated[Credits, Field(description="The balance after it.")]
    resultUrl: Annotated[str, Field(description="The page of what was made.")]


class WebhookResult(BaseModel):
    """A delivery is stored; `status` says what it did."""

    received: Literal[True]
    status: Literal[
        "credits_added",
        "already_processed",
        "refund_processed",
        "dispute_processed",
        "recorded",
        "ignored",
        "parked",
        "review",
    ]


class Health(BaseModel):
    """`ok`, or why not."""

    status: Literal["ok", "unavailable"]
    reason: str = ""


class Error(BaseModel):
    """A refusal: `error` is for programs and stable, `message` for people in their language."""

    error: str
    message: str
    fields: Annotated[dict[str, str], Field(description="What is wrong, by name.")] = {}
    requestId: Annotated[str, Field(description="Tell it to us.")] = ""


class InsufficientCredits(BaseModel):
    """Something costs more than there is; nothing was charged."""

    error: Literal["insufficient_credits"]
    message: str
    required: Credits
    balance: Credits
    available: Credits
    missing: Credits


SHAPES: tuple[type[BaseModel], ...] = (
    Balance,
    LedgerPage,
    Order,
    OrderStatus,
    Creation,
    WebhookResult,
    Health,
    Error,
    InsufficientCredits,
)


def schemas() -> dict[str, Any]:
    """Every shape as JSON Schema, by its name."""
    _map, found = models_json_schema(
        [(shape, "validation") for shape in SHAPES], ref_template=REFERENCE
    )
    return dict(found["$defs"])
