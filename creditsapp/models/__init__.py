"""The tables."""

from creditsapp.models.account_link import AccountLink, Registration
from creditsapp.models.base import Base
from creditsapp.models.creation import Creation
from creditsapp.models.ended_session import EndedSession
from creditsapp.models.grant_request import GrantRequest
from creditsapp.models.mail import Mail
from creditsapp.models.operator_action import OperatorAction
from creditsapp.models.periodic_job import PeriodicJob
from creditsapp.models.proof import Proof
from creditsapp.models.purchase import Payment, PaymentDispute, PaymentRefund, Purchase
from creditsapp.models.refund_request import RefundRequest
from creditsapp.models.user import User
from creditsapp.models.wallet import Hold, LedgerEntry, Wallet
from creditsapp.models.webhook_event import WebhookEvent
from creditsapp.models.welcome import WelcomeBonus, WelcomeNetwork

__all__ = [
    "AccountLink",
    "Base",
    "Creation",
    "EndedSession",
    "GrantRequest",
    "Hold",
    "LedgerEntry",
    "Mail",
    "OperatorAction",
    "Payment",
    "PaymentDispute",
    "PaymentRefund",
    "PeriodicJob",
    "Proof",
    "Purchase",
    "RefundRequest",
    "Registration",
    "User",
    "Wallet",
    "WebhookEvent",
    "WelcomeBonus",
    "WelcomeNetwork",
]
