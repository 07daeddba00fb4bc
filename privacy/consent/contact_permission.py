"""Contact permission: whether a person may be contacted now, through a channel, for a purpose. Covers mail, calls and
letters.

A permission begins when a person gives a contact point for a purpose. It ends with the retention of the row that it was
given with, or when the person opts out of the channel, the purpose, or everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from privacy.admin_base.refusals import ActionRefused
from privacy.models.consent import Person, Suppression, UndeliverableAddress
from privacy.registry.declarations import PersonalData, declaration_for
from privacy.registry.policy_gate import purpose_is_open
from privacy.registry.purposes import NEWS_OF, Channel, Purpose, Refusal

_ALL, _MAIL = frozenset(Channel), frozenset({Channel.EMAIL})

# Allowed channels per purpose. None: the data is stored, but nobody is contacted about it.
CHANNELS: dict[str, frozenset[Channel]] = {
    Purpose.ANSWER_INQUIRY: _ALL,
    Purpose.QUOTE: _ALL,
    Purpose.QUOTE_REMINDERS: _MAIL,
    Purpose.ORDER: _ALL,
    Purpose.RELEASE_NEWS: _MAIL,
    Purpose.AFFILIATE_ACCOUNT: _MAIL,
    Purpose.AFFILIATE_NEWS: _MAIL,
    Purpose.STAFF_ACCOUNT: _MAIL,
    Purpose.PRIVACY_REQUEST: _ALL,
    Purpose.POLICY_NOTICE: _ALL,
    Purpose.LEGAL_OBLIGATION: _MAIL,
    Purpose.REFERRAL_TRACKING: frozenset(),
    Purpose.SITE_TRAFFIC: frozenset(),
    Purpose.TAX_REPORTING: frozenset(),
}
_NOT_BY = {
    Channel.EMAIL: "this person opted out of email",
    Channel.PHONE: "this person opted out of phone calls",
    Channel.LETTER: "this person opted out of letters",
}


class ContactRefused(ActionRefused):
    """The contact is not permitted. The text says why, without naming the person."""

    def __init__(self, refusal: Refusal, text: str = "") -> None:
        super().__init__(text or refusal.label)
        self.refusal = refusal


@dataclass(frozen=True)
class Permission:
    """The result: `reason` explains it in plain words; `refusal` classifies a denial."""

    allowed: bool
    reason: str
    refusal: Refusal | None = None

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A proposed contact with `person` through `channel` for `purpose`.

    `about` is the row with which the contact point was given, at `given_at`. Earlier opt-outs don't apply to it.
    """

    channel: Channel
    purpose: Purpose
    person: Person
    about: models.Model | None = None
    given_at: datetime | None = None
    despite_opt_out: bool = False  # the person just requested it


def may_contact(
    *,
    channel: Channel,
    purpose: Purpose,
    email: str | None = None,
    phone: str | None = None,
    address: str | None = None,
    about: models.Model | None = None,
    given_at: datetime | None = None,
) -> Permission:
    """Whether the contact is permitted now. Pass all known contact points: an opt-out of any counts. Two queries."""
    person = Person(email=email, phone=phone, address=address)
    return permission_for(Contact(channel=channel, purpose=purpose, person=person, about=about, given_at=given_at))


def require_contact_permission(**contact: object) -> None:
    """Takes the arguments of `may_contact`. Raises `ContactRefused` if the contact isn't permitted."""
    permission = may_contact(**contact)  # type: ignore[arg-type]
    if permission.refusal is not None:
        raise ContactRefused(permission.refusal, permission.reason)


def permission_for(contact: Contact) -> Permission:
    return next(permissions_for([contact]))


def permissions_for(contacts: Iterable[Contact]) -> Iterator[Permission]:
    """Permissions in the same order. Two queries in total."""
    contacts = list(contacts)
    opt_outs = list(Suppression.objects.of(*(contact.person for contact in contacts)))
    bounced = _undeliverable({c.person.email for c in contacts if c.channel == Channel.EMAIL and c.person.email})
    for contact in contacts:
        try:
            _check(contact, opt_outs, bounced)
        except ContactRefused as refused:
            yield Permission(False, str(refused), refused.refusal)
        else:
            yield Permission(True, f"given for {contact.purpose.label}")


def _check(contact: Contact, opt_outs: list[Suppression], bounced: dict[str, datetime]) -> None:
    """Applies every rule. Raises `ContactRefused`."""
    _check_policy(contact)
    _check_channel(contact)
    _check_reason(contact)
    _check_wish(contact, opt_outs)
    if since := bounced.get(contact.person.email or ""):
        raise ContactRefused(Refusal.UNDELIVERABLE, f"undeliverable since {since:%B %-d, %Y}")


def _check_policy(contact: Contact) -> None:
    if not purpose_is_open(contact.purpose):
        raise ContactRefused(Refusal.NOT_IN_EFFECT, "the privacy policy in effect does not cover its purpose")


def _check_channel(contact: Contact) -> None:
    if contact.channel not in CHANNELS[contact.purpose]:
        text = f"contact by {contact.channel.label} is not allowed for {contact.purpose.label}"
        raise ContactRefused(Refusal.CHANNEL, text)
    points = {Channel.EMAIL: contact.person.email, Channel.PHONE: contact.person.phone}
    if not points.get(contact.channel, contact.person.address):
        raise ContactRefused(Refusal.NO_ADDRESS)


def _check_reason(contact: Contact) -> None:
    """A contact point may only be used for the purpose it was given for, and until its retention ends."""
    if contact.about is None or not (given_for := purposes_of(contact.about)):
        return
    if NEWS_OF.get(contact.purpose, contact.purpose) not in given_for:
        text = f"this was given for {given_for[0].label}, not for {contact.purpose.label}"
        raise ContactRefused(Refusal.OTHER_PURPOSE, text)
    if is_over(contact.about, now=timezone.now()):
        raise ContactRefused(Refusal.TIME_OVER)


def _check_wish(contact: Contact, opt_outs: list[Suppression]) -> None:
    purposes = {contact.purpose, NEWS_OF.get(contact.purpose, contact.purpose)}
    wishes = [(contact.person, contact.channel, purpose, contact.given_at) for purpose in purposes]
    if not contact.despite_opt_out and any(opt_out.closes(*wish) for opt_out in opt_outs for wish in wishes):
        raise ContactRefused(Refusal.OPTED_OUT, _NOT_BY[contact.channel])


def purposes_of(row: models.Model) -> list[Purpose]:
    """The purposes for which the row's contact points were given: the declared one, and the row's own `purpose` if its
    model has several (a quote among inquiries). Empty if the row isn't personal."""
    declaration = declaration_for(row._meta.db_table)
    if not isinstance(declaration, PersonalData):
        return []
    own = getattr(row, "purpose", None)
    return [Purpose(own), declaration.purpose] if own else [declaration.purpose]


def is_over(row: models.Model, *, now: datetime) -> bool:
    """Whether its retention has ended, even if it hasn't been purged."""
    declaration = declaration_for(row._meta.db_table)
    if not isinstance(declaration, PersonalData) or not declaration.retention.since:
        return False
    since = declaration.retention.since
    if "__" in since:  # counted from a time in another row
        return declaration.expired(now).filter(pk=row.pk).exists()
    began = getattr(row, since)
    return began is not None and bool(began + timedelta(days=declaration.retention.days) <= now)


def _undeliverable(emails: set[str]) -> dict[str, datetime]:
    """Since when each of these addresses has been undeliverable. After a year they are tried again."""
    if not emails:
        return {}
    field = UndeliverableAddress._meta.get_field("email_index")
    known = UndeliverableAddress.objects.filter(noticed_at__gt=timezone.now() - UndeliverableAddress.LIFE)
    found = dict(known.filter(email_index__in=emails).values_list("email_index", "noticed_at"))
    return {email: found[index] for email in emails for index in field.candidates(email) if index in found}
