"""The affiliate and the commission of an order, on the shop's order page."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.urls import reverse

from affiliates.commissions.explanation import NO_ADDRESS_TO_COMPARE
from affiliates.models import Attribution, Commission
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose
from shop.admin.order_page.contributions import OrderFact, OrderSection, TimelineEvent, order_section
from shop.models import Order


@order_section(permission="affiliates.view_commission")
@reads("affiliates_attribution", purpose=Purpose.REFERRAL_TRACKING, audience=Audience.STAFF)
@reads("affiliates_affiliate", purpose=Purpose.AFFILIATE_ACCOUNT, audience=Audience.STAFF)
def commission_of_order(order: Order) -> OrderSection:
    found = Attribution.objects.filter(order=order)
    attribution = found.select_related("affiliate__user", "commission").prefetch_related("flags").first()
    if attribution is None:
        why = f"{reverse('affiliates:why_order')}?{urlencode({'reference': order.reference})}"
        return OrderSection(
            title="Affiliate",
            facts=[OrderFact(label="Source", text="no affiliate")],
            links=[("Why no commission?", why)],
        )
    affiliate = attribution.affiliate
    commission: Commission | None = getattr(attribution, "commission", None)
    facts = [
        OrderFact(
            label="Affiliate",
            text=getattr(affiliate, "staff_label", affiliate.code),
            url=reverse("admin:affiliates_affiliate_change", args=[affiliate.pk]),
        ),
        OrderFact(
            label="Source",
            text=attribution.get_route_display(),
            note=NO_ADDRESS_TO_COMPARE if attribution.route == Attribution.Route.TOKEN else "",
        ),
    ]
    if commission is None:
        facts.append(OrderFact(label="Commission", text="none until the order is paid"))
        return OrderSection(title="Affiliate", facts=facts)
    is_reduced = bool(commission.reversed_minor)
    facts += [
        OrderFact(
            label="Commission",
            text=str(commission.remaining),
            url=reverse("admin:affiliates_commission_change", args=[commission.pk]),
            note=f"after refunds, of {commission.total}" if is_reduced else commission.terms,
        ),
        OrderFact(label="State", text=commission.get_state_display(), note=_held(attribution)),
    ]
    explain = reverse("admin:affiliates_commission_explain", args=[commission.pk])
    links = [("Why this amount?", explain)]
    return OrderSection(title="Affiliate", facts=facts, links=links, events=list(_events(commission)))


def _held(attribution: Attribution) -> str:
    return "held for review" if any(flag.state == flag.State.OPEN for flag in attribution.flags.all()) else ""


def _events(commission: Commission) -> Iterator[TimelineEvent]:
    yield TimelineEvent(at=commission.created_at, text=f"Commission earned: {commission.total}")
    if commission.approved_at:
        yield TimelineEvent(at=commission.approved_at, text="Commission approved", actor=commission.approved_by_id)
    if commission.paid_at:
        yield TimelineEvent(at=commission.paid_at, text="Commission paid")
