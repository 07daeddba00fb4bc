"""Open inquiries with a phone number or postal address, for the call list and the letter list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from privacy.consent.contact_lists import Listed, contact_list_source
from privacy.consent.contact_permission import Contact, purposes_of
from privacy.models.consent import Person
from privacy.registry.purposes import Channel

from .models import Inquiry

AT_MOST = 500  # rows on a list, the longest waiting first


@contact_list_source
def inquiries_to_answer(channel: Channel, now: datetime) -> Iterator[Listed]:
    """Open inquiries, the longest waiting first."""
    if channel not in (Channel.PHONE, Channel.LETTER):
        return
    column = "phone" if channel == Channel.PHONE else "address"
    for inquiry in Inquiry.objects.filter(state=Inquiry.State.OPEN).order_by("received_at")[:AT_MOST]:
        if getattr(inquiry, column):
            yield _listed(inquiry, channel)


def _listed(inquiry: Inquiry, channel: Channel) -> Listed:
    contact = Contact(
        channel=channel,
        purpose=purposes_of(inquiry)[0],
        person=Person(email=inquiry.email, phone=inquiry.phone, address=inquiry.address),
        about=inquiry,
        given_at=inquiry.received_at,
    )
    url = reverse("admin:contacts_inquiry_change", args=[inquiry.pk])
    return Listed(contact=contact, name=inquiry.name, subject=str(inquiry), url=url)
