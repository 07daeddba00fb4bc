"""The portal's pages of payouts: each with its state in plain words, and the ledger entries it paid."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, JsonResponse

from affiliates.payouts.proofs import proof_of

from ..models import Affiliate, LedgerEntry, PayoutItem
from .base import AffiliateView, PortalPage
from .money_by_currency import accounts_of
from .statement import describe_ledger_entry

PER_PAGE = 25
State = PayoutItem.State

STATE_EXPLANATIONS = {
    State.QUEUED: "Prepared. It is sent to PayPal after a second person has approved it.",
    State.SENT: "Sent to PayPal, which is processing it.",
    State.PAID: "It is in your PayPal account.",
    State.UNCLAIMED: "PayPal has emailed you. Accept it there within 30 days, or it is returned to us.",
    State.HELD: "PayPal is reviewing it. That takes a day or two, and we can't speed it up.",
    State.FAILED: "It could not be sent. The money is back in your balance and goes into the next payout.",
    State.RETURNED: "It was not accepted at PayPal, so it was returned. The money is back in your balance.",
    State.BLOCKED: "PayPal blocked it. The money is back in your balance. Please check your PayPal account.",
    State.CANCELLED: "It was not sent. The money is back in your balance.",
    State.REVERSED: "PayPal reversed it. The money is back in your balance.",
}
PAID_FROM_A_LIST = {
    State.QUEUED: "Prepared. It is paid outside PayPal, after a second person has approved it.",
    State.PAID: "It was paid outside PayPal.",
}


def explain_state(payout: PayoutItem) -> str:
    """What the payout's state means. A state without an explanation is shown by its name. Reads the run's method."""
    state = State(payout.state)
    if payout.run.is_manual and state in PAID_FROM_A_LIST:
        return PAID_FROM_A_LIST[state]
    return STATE_EXPLANATIONS.get(state, f"{payout.get_state_display().capitalize()}.")


def own_payout(affiliate: Affiliate, pk: UUID) -> PayoutItem:
    payout = affiliate.payouts.select_related("run").filter(pk=pk).first()
    if payout is None:
        raise Http404("There is no such payout in this account.")
    return payout


class PayoutsPage(PortalPage):
    template_name = "affiliates/portal/payouts.html"
    tab = "payouts"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        affiliate = self.affiliate
        page = Paginator(affiliate.payouts.select_related("run").order_by("-created_at", "-pk"), PER_PAGE).get_page(
            self.request.GET.get("page")
        )
        return super().get_context_data(
            lines=page,
            payouts=[(payout, explain_state(payout)) for payout in page],
            accounts=accounts_of(affiliate),
            **kwargs,
        )


class PayoutDetailPage(PortalPage):
    """What a payout paid: the ledger entries it claimed."""

    template_name = "affiliates/portal/payout.html"
    tab = "payouts"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        payout = own_payout(self.affiliate, self.kwargs["pk"])
        paid = (
            LedgerEntry.objects.filter(claim__payout=payout)
            .exclude(payout=payout, kind=LedgerEntry.Kind.PAYOUT)
            .select_related("commission", "payout", "adjustment")
            .order_by("created_at", "pk")
        )
        page = Paginator(paid, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            payout=payout,
            explanation=explain_state(payout),
            lines=page,
            entries_in_words=[(entry, describe_ledger_entry(entry)) for entry in page],
            **kwargs,
        )


class PayoutProof(AffiliateView):
    """The proof that a run's published head covers this payout, as a file."""

    def get(self, request: HttpRequest, pk: UUID) -> JsonResponse:
        proof = proof_of(own_payout(self.affiliate, pk))
        if proof is None:
            raise Http404("The run of this payout has not been approved yet.")
        headers = {"Content-Disposition": f'attachment; filename="payout-{str(pk)[-8:]}.json"'}
        return JsonResponse(proof, headers=headers)
