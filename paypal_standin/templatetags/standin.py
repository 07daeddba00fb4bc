"""Badge colors of states, amounts, and the buttons for a payout's state."""

from decimal import Decimal

from django.template import Library

from paypal_standin.api.payouts import SETTLEMENTS
from paypal_standin.models import Item
from paypal_standin.money import dump_v1

register = Library()

GOOD = {"COMPLETED", "SUCCESS", "APPROVED", "RESOLVED_SELLER_FAVOUR", "CANCELED_BY_BUYER"}
BAD = {"DECLINED", "DENIED", "FAILED", "BLOCKED", "REVERSED", "RETURNED", "RESOLVED_BUYER_FAVOUR"}


@register.filter
def mood(state: str) -> str:
    """`good`, `bad` or `waiting`: the class of a state's badge."""
    return "good" if state in GOOD else "bad" if state in BAD else "waiting"


@register.filter
def words(state: str) -> str:
    """`PAYER_ACTION_REQUIRED` as people write."""
    return state.replace("_", " ").lower()


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """The amount with the decimals of its currency, and the currency."""
    return f"{dump_v1(amount, currency)['value']} {currency}"


@register.filter
def choices(item: Item) -> list[str]:
    """The words of the buttons for this payout."""
    return list(SETTLEMENTS.get(item.status, {}))
