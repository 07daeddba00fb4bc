"""Whether a person may be contacted now, by one channel, for one purpose. Staff pages show it; logging enforces it.

The only place in this app that asks `privacy` for permission.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contacts.models import Correspondence, Inquiry
from privacy.consent.contact_permission import ContactRefused, require_contact_permission
from privacy.registry.purposes import Channel, Purpose, Refusal

_POINTS = {
    Channel.EMAIL: "email address",
    Channel.PHONE: "phone number",
    Channel.LETTER: "postal address",
}


@dataclass(frozen=True)
class ChannelPermission:
    """The current permission for one channel and purpose; `refusal` is empty if it is granted."""

    channel: Channel
    purpose: Purpose
    refusal: str


def why_not(*, inquiry: Inquiry, channel: Channel, purpose: str) -> str:
    """The reason why the sender of this message may not be contacted that way; empty if permitted."""
    try:
        _check(inquiry, channel, purpose)
    except ContactRefused as refused:
        return str(refused)
    return ""


def _check(inquiry: Inquiry, channel: Channel, purpose: str) -> None:
    """Raises `ContactRefused`: contact points given with a message may be used only for its purpose."""
    point = _POINTS[channel]
    if not inquiry.contact_point(channel):
        raise ContactRefused(Refusal.NO_ADDRESS, f"no {point} was given with this message")
    if purpose != inquiry.purpose:
        text = f"the {point} was given for {inquiry.purpose.label}, and not for {Purpose(purpose).label}"
        raise ContactRefused(Refusal.OTHER_PURPOSE, text)
    require_contact_permission(
        channel=channel,
        purpose=inquiry.purpose,
        email=inquiry.email,
        phone=inquiry.phone,
        address=inquiry.address,
        about=inquiry,
        given_at=inquiry.last_written_at if channel == Channel.EMAIL else inquiry.received_at,
    )


def permissions_now(inquiries: Iterable[Inquiry]) -> list[ChannelPermission]:
    """The permission for each channel and each purpose of these messages, judged by the newest message with that
    contact point, because an opt-out applies to everything before it."""
    newest_first = sorted(inquiries, key=lambda inquiry: inquiry.received_at, reverse=True)
    purposes = dict.fromkeys(inquiry.purpose for inquiry in newest_first)
    return [_permission(newest_first, channel, purpose) for purpose in purposes for channel in Channel]


def _permission(newest_first: list[Inquiry], channel: Channel, purpose: Purpose) -> ChannelPermission:
    of_purpose = [inquiry for inquiry in newest_first if inquiry.purpose == purpose]
    inquiry = next((inquiry for inquiry in of_purpose if inquiry.contact_point(channel)), of_purpose[0])
    return ChannelPermission(channel, purpose, why_not(inquiry=inquiry, channel=channel, purpose=purpose))


def require_permission(entry: Correspondence) -> None:
    """Raises `ContactRefused` for an outgoing call or letter that isn't permitted."""
    channel = Correspondence.OUTGOING.get(Correspondence.Way(entry.way))
    if channel is None:
        return
    try:
        _check(entry.inquiry, channel, entry.purpose)
    except ContactRefused as refused:
        raise ContactRefused(refused.refusal, f"Not logged: {refused}.") from refused
