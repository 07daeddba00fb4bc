"""What staff can find among privacy requests, mails and opt-outs; a person's contact permissions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from django.db.models import Q

from .admin_base.people.extras import PersonPage, person_extra
from .admin_base.people.sections import Line, PersonSection, lines_of
from .admin_base.search.pasted_text import PastedText
from .admin_base.search.row_kinds import RowKind, Shown, kinds_for, row_kind
from .consent.contact_permission import Contact, Permission, permissions_for, purposes_of
from .models import OutgoingMail, PrivacyRequest, Suppression, UndeliverableAddress
from .models.consent import Person
from .registry.purposes import Channel, Purpose

row_kind(
    model=PrivacyRequest,
    purpose=Purpose.PRIVACY_REQUEST,
    one="privacy request",
    many="privacy requests",
    position=40,
    show=lambda request: Shown(
        number=request.reference,
        name=request.email or "",
        at=request.received_at,
        state=request.get_state_display(),
        detail=request.get_kind_display(),
    ),
    at="received_at",
    emails=("email_index",),
    codes=("reference",),
    words=("email", "contact", "details"),
    for_person=True,
    open=Q(state=PrivacyRequest.State.CONFIRMED),
)
row_kind(
    model=OutgoingMail,
    purpose=Purpose.LEGAL_OBLIGATION,
    one="sent email",
    many="sent emails",
    position=45,
    show=lambda mail: Shown(
        number=mail.subject, at=mail.queued_at, name=mail.recipient, state=mail.get_state_display(), detail=mail.refusal
    ),
    at="queued_at",
    emails=("recipient_index",),
    for_person=True,
)
row_kind(
    model=Suppression,
    purpose=Purpose.PRIVACY_REQUEST,
    one="opt-out",
    many="opt-outs",
    position=46,
    show=lambda opt_out: Shown(
        number=f"Opt-out from {opt_out.get_channel_display()}",
        at=opt_out.created_at,
        state=f"for {opt_out.get_purpose_display()}" if opt_out.purpose else "for everything",
        detail=opt_out.get_source_display(),
    ),
    at="created_at",
    emails=("email_index",),
    phones=("phone_index",),
    for_person=True,
    of_person=lambda email: Suppression.objects.of(Person(email=email)),
)
row_kind(
    model=UndeliverableAddress,
    purpose=Purpose.LEGAL_OBLIGATION,
    one="bounce",
    many="bounces",
    position=47,
    show=lambda bounce: Shown(number="Undeliverable address", at=bounce.noticed_at, state=bounce.code),
    at="noticed_at",
    emails=("email_index",),
    for_person=True,
)

SHARED = 10  # rows of a kind with the same telephone number


@dataclass(frozen=True)
class PermissionNow:
    channel: Channel
    purpose: Purpose
    permission: Permission


@person_extra(title="Contact permissions now", template="privacy/admin/_person_permissions.html")
def permissions_now(page: PersonPage) -> list[PermissionNow]:
    """For each purpose of the rows shown and each channel, by the newest row that gave a contact point for it: an
    opt-out applies to everything given before. Two queries."""
    newest: dict[tuple[Purpose, Channel], Contact] = {}
    for contact in sorted(
        _contacts(page.sections), key=lambda contact: (_has_point(contact), contact.given_at), reverse=True
    ):
        newest.setdefault((contact.purpose, contact.channel), contact)
    in_order = sorted(newest.items(), key=lambda item: (item[0][0], list(Channel).index(item[0][1])))
    permissions = permissions_for(contact for _, contact in in_order)
    return [
        PermissionNow(channel, purpose, permission)
        for ((purpose, channel), _), permission in zip(in_order, permissions, strict=True)
    ]


def _contacts(sections: list[PersonSection]) -> Iterator[Contact]:
    for section in sections:
        if (points_of := section.kind.contact) is None:
            continue
        for line in section.lines:
            person = points_of(line.row)
            purpose, given_at = purposes_of(line.row)[0], getattr(line.row, section.kind.at)
            for channel in Channel:
                yield Contact(channel=channel, purpose=purpose, person=person, about=line.row, given_at=given_at)


def _has_point(contact: Contact) -> bool:
    points = {Channel.EMAIL: contact.person.email, Channel.PHONE: contact.person.phone}
    return bool(points.get(contact.channel, contact.person.address))


@person_extra(title="Same phone number, another address", template="privacy/admin/_person_same_phone.html")
def same_phone(page: PersonPage) -> list[tuple[RowKind, list[Line]]]:
    """Rows that may be the same person's, or those of somebody who shares the telephone. One query for each kind."""
    pasted = (PastedText(phone) for contact in _contacts(page.sections) if (phone := contact.person.phone))
    phones = [phone for each in pasted for phone in each.phones]
    if not phones:
        return []
    kinds = [kind for kind in kinds_for(page.user) if kind.phones and kind.emails]
    found = ((kind, kind.reading(partial(_others, kind, page, phones))) for kind in kinds)
    return [(kind, lines) for kind, lines in found if lines]


def _others(kind: RowKind, page: PersonPage, phones: list[str]) -> list[Line]:
    shown = [line.row.pk for section in page.sections if section.kind is kind for line in section.lines]
    rows = kind.rows.filter(**{f"{kind.phones[0]}__in": phones}).exclude(pk__in=shown)
    if page.email:
        rows = rows.exclude(**{kind.emails[0]: page.email})
    return lines_of(kind, rows.order_by("-pk")[:SHARED])
