"""The tab of payouts: each with its state in plain words, and the lines that it paid."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404

from ..models import LedgerEntry, PayoutItem
from .base import PortalPage
from .money_by_currency import accounts_of
from .statement import text_of

PER_PAGE = 25
State = PayoutItem.State

IN_WORDS = {
    State.QUEUED: "Prepared: it is sent to PayPal once a second person has looked at it.",
    State.SENT: "Sent to PayPal, which is on it.",
    State.PAID: "PayPal put it into your PayPal account.",
    State.UNCLAIMED: "PayPal wrote to you: it waits there until you accept it. After 30 days it comes back to us.",
    State.HELD: "PayPal holds it and looks into it. That takes a day or two; we can't hurry it.",
    State.FAILED: "It did not go out. The money is back in your balance and goes into the next payout.",
    State.RETURNED: "Nobody accepted it at PayPal, so it came back. The money is in your balance again.",
    State.BLOCKED: "PayPal blocked it. The money is back in your balance; please check your PayPal account.",
    State.CANCELLED: "It was not sent. The money is in your balance again.",
    State.REVERSED: "PayPal took it back. The money is in your balance again.",
}


def in_words(payout: PayoutItem) -> str:
    """What its state means. A state that is new here says its own name."""
    return IN_WORDS.get(State(payout.state), f"{payout.get_state_display().capitalize()}.")


class PayoutsPage(PortalPage):
    template_name = "affiliates/portal/payouts.html"
    tab = "payouts"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        affiliate = self.affiliate
        page = Paginator(affiliate.payouts.order_by("-created_at", "-pk"), PER_PAGE).get_page(
            self.request.GET.get("page")
        )
        return super().get_context_data(
            lines=page,
            payouts=[(payout, in_words(payout)) for payout in page],
            accounts=accounts_of(affiliate),
            **kwargs,
        )


class PayoutPage(PortalPage):
    """What one payout paid: the lines of the account that it took up."""

    template_name = "affiliates/portal/payout.html"
    tab = "payouts"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        payout = self.affiliate.payouts.filter(pk=cast("UUID", self.kwargs["pk"])).first()
        if payout is None:
            raise Http404("There is no such payout in this account.")
        paid = (
            LedgerEntry.objects.filter(claim__payout=payout)
            .exclude(payout=payout, kind=LedgerEntry.Kind.PAYOUT)
            .select_related("commission", "payout")
            .order_by("created_at", "pk")
        )
        page = Paginator(paid, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            payout=payout,
            in_words=in_words(payout),
            lines=page,
            entries_in_words=[(entry, text_of(entry)) for entry in page],
            **kwargs,
        )
