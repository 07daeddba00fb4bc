"""Whether a person may be reached now, by one channel, for one purpose: what staff pages show and logging obeys.

The one place of this app that asks the privacy floor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from privacy.mail import is_opted_out
from privacy.purposes import Channel, Purpose

from .models import Correspondence, Inquiry

_POINTS = {
    Channel.EMAIL: "e-mail address",
    Channel.PHONE: "telephone number",
    Channel.LETTER: "postal address",
}


class ContactRefused(Exception):
    """This person may not be reached in this way for this purpose; the text says why, without naming the person."""


@dataclass(frozen=True)
class Permission:
    """One channel for one purpose as it stands now; `refusal` is empty where it is open."""

    channel: Channel
    purpose: Purpose
    refusal: str


def why_not(*, inquiry: Inquiry, channel: Channel, purpose: str) -> str:
    """The reason why the person behind this message may not be reached so; empty where it is permitted."""
    point = _POINTS[channel]
    if not inquiry.contact_point(channel):
        return f"no {point} was given with this message"
    if purpose != inquiry.purpose:
        return f"the {point} was given for {inquiry.purpose.label}, and not for {Purpose(purpose).label}"
    if is_opted_out(inquiry.email, channel, given_at=inquiry.received_at):
        return f"this person asked not to be contacted by {channel.label}"
    return ""


def permissions_now(inquiries: Iterable[Inquiry]) -> list[Permission]:
    """For each purpose that a person has written for, each channel, as the newest message with such a contact point has
    it: an opt-out ends what came before it."""
    newest_first = sorted(inquiries, key=lambda inquiry: inquiry.received_at, reverse=True)
    purposes = dict.fromkeys(inquiry.purpose for inquiry in newest_first)
    return [_permission(newest_first, channel, purpose) for purpose in purposes for channel in Channel]


def _permission(newest_first: list[Inquiry], channel: Channel, purpose: Purpose) -> Permission:
    of_purpose = [inquiry for inquiry in newest_first if inquiry.purpose == purpose]
    inquiry = next((inquiry for inquiry in of_purpose if inquiry.contact_point(channel)), of_purpose[0])
    return Permission(channel, purpose, why_not(inquiry=inquiry, channel=channel, purpose=purpose))


def require_permission(entry: Correspondence) -> None:
    """Raises `ContactRefused` for a call or letter of ours that nothing permits."""
    channel = Correspondence.OUTGOING.get(Correspondence.Way(entry.way))
    refusal = why_not(inquiry=entry.inquiry, channel=channel, purpose=entry.purpose) if channel else ""
    if refusal:
        raise ContactRefused(f"Not logged: {refusal}.")
