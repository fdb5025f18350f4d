"""What billing keeps: wallets and their ledger, prices, payments and promotions."""

from billing.models.payment import (
    OPEN_TOP_UPS,
    AutoTopUp,
    Dispute,
    EventState,
    EventSweep,
    PaymentCustomer,
    PaymentEvent,
    Refund,
    RefundState,
    TopUp,
    TopUpKind,
    TopUpState,
)
from billing.models.price import MOST_MICROS_PER_SECOND, Price
from billing.models.promotion import BonusRule, PromotionCode, Redemption, TopUpTerms
from billing.models.standing import BalanceAlert, Freeze, FreezeCause, Notice, NoticeKind
from billing.models.wallet import Account, Entry, EntryKind, Hold, HoldState, Wallet

__all__ = [
    "MOST_MICROS_PER_SECOND",
    "OPEN_TOP_UPS",
    "Account",
    "AutoTopUp",
    "BalanceAlert",
    "BonusRule",
    "Dispute",
    "Entry",
    "EntryKind",
    "EventState",
    "EventSweep",
    "Freeze",
    "FreezeCause",
    "Hold",
    "HoldState",
    "Notice",
    "NoticeKind",
    "PaymentCustomer",
    "PaymentEvent",
    "Price",
    "PromotionCode",
    "Redemption",
    "Refund",
    "RefundState",
    "TopUp",
    "TopUpKind",
    "TopUpState",
    "TopUpTerms",
    "Wallet",
]
