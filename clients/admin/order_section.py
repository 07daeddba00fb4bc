"""The quote behind an order, on the shop's order page."""

from __future__ import annotations

from django.urls import reverse

from clients.models import Installment
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose
from shop.admin.order_page.contributions import OrderFact, OrderSection, TimelineEvent, order_section
from shop.models import Order


@order_section(permission="clients.view_quote")
@reads("clients_quote", purpose=Purpose.ORDER, audience=Audience.STAFF)
@reads("clients_installment", purpose=Purpose.ORDER, audience=Audience.STAFF)
def quote_of_order(order: Order) -> OrderSection | None:
    """None for orders of the shop, without a query."""
    if not order.product.is_service:
        return None
    installment = Installment.objects.filter(order=order).select_related("quote").first()
    if installment is None:
        return None
    quote = installment.quote
    facts = [
        OrderFact(
            label="Quote",
            text=quote.number,
            url=reverse("admin:clients_quote_change", args=[quote.pk]),
            note=f"{quote.total} in total",
        ),
        OrderFact(label="Installment", text=installment.label or "–", note=installment.get_due_display()),
    ]
    how = "Quote accepted by letter" if quote.recorded_by_id else "Quote accepted on its page"
    accepted = TimelineEvent(
        at=quote.decided_at or order.placed_at, text=how, actor=quote.recorded_by_id, by="the client"
    )
    events = [accepted]
    if installment.released_at and installment.released_at != accepted.at:
        events.append(TimelineEvent(at=installment.released_at, text="Installment due"))
    return OrderSection(title="Quote", facts=facts, events=events)
