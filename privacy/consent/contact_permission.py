"""May this person be contacted through this channel, for this purpose, now? The one answer for mail, calls and letters.

A permission arises when a person gives a contact point for a purpose. It ends with the retention of what it was given
with, or when the person opts out: of one channel, of one purpose, or of all.
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

# How people may be reached at all for a purpose. None of the channels: the data is kept, nobody is contacted about it.
CHANNELS: dict[str, frozenset[Channel]] = {
    Purpose.ANSWER_INQUIRY: _ALL,
    Purpose.QUOTE: _ALL,
    Purpose.ORDER: _ALL,
    Purpose.AFFILIATE_ACCOUNT: _MAIL,
    Purpose.AFFILIATE_NEWS: _MAIL,
    Purpose.STAFF_ACCOUNT: _MAIL,
    Purpose.PRIVACY_REQUEST: _ALL,
    Purpose.POLICY_NOTICE: _ALL,
    Purpose.LEGAL_OBLIGATION: _MAIL,
    Purpose.REFERRAL_TRACKING: frozenset(),
    Purpose.SITE_TRAFFIC: frozenset(),
}
_NOT_BY = {
    Channel.EMAIL: "this person asked not to be contacted by e-mail",
    Channel.PHONE: "this person asked not to be called",
    Channel.LETTER: "this person asked for no letters",
}


class ContactRefused(ActionRefused):
    """This person is not to be contacted in this way; the text says why, without naming the person."""

    def __init__(self, refusal: Refusal, text: str = "") -> None:
        super().__init__(text or refusal.label)
        self.refusal = refusal


@dataclass(frozen=True)
class Permission:
    """The answer: `reason` says in plain words why, `refusal` which kind of no it is."""

    allowed: bool
    reason: str
    refusal: Refusal | None = None

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, kw_only=True)
class Contact:
    """What somebody wants to do: reach `person` through `channel` for `purpose`.

    `about` is the row with which the contact point was given, `given_at` when: an older opt-out does not end it.
    """

    channel: Channel
    purpose: Purpose
    person: Person
    about: models.Model | None = None
    given_at: datetime | None = None
    despite_opt_out: bool = False  # the person asked for exactly this a moment ago


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
    """Whether now. Give every contact point that is known: an opt-out under any of them counts. Two queries."""
    person = Person(email=email, phone=phone, address=address)
    return permission_for(Contact(channel=channel, purpose=purpose, person=person, about=about, given_at=given_at))


def refuse_unless_permitted(**contact: object) -> None:
    """Takes what `may_contact` takes. Raises `ContactRefused`: a call or a letter outside its purpose is not logged."""
    permission = may_contact(**contact)  # type: ignore[arg-type]
    if permission.refusal is not None:
        raise ContactRefused(permission.refusal, permission.reason)


def permission_for(contact: Contact) -> Permission:
    return next(permissions_for([contact]))


def permissions_for(contacts: Iterable[Contact]) -> Iterator[Permission]:
    """The answers, in the same order, for the two queries that one answer costs."""
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
    """Every rule there is, one below the other."""
    _check_policy(contact)
    _check_channel(contact)
    _check_reason(contact)
    _check_wish(contact, opt_outs)
    if since := bounced.get(contact.person.email or ""):
        raise ContactRefused(Refusal.UNDELIVERABLE, f"undeliverable since {since:%-d %B %Y}")


def _check_policy(contact: Contact) -> None:
    if not purpose_is_open(contact.purpose):
        raise ContactRefused(Refusal.NOT_IN_EFFECT, "the privacy policy in effect does not cover its purpose")


def _check_channel(contact: Contact) -> None:
    if contact.channel not in CHANNELS[contact.purpose]:
        text = f"nobody is reached by {contact.channel.label} for {contact.purpose.label}"
        raise ContactRefused(Refusal.CHANNEL, text)
    points = {Channel.EMAIL: contact.person.email, Channel.PHONE: contact.person.phone}
    if not points.get(contact.channel, contact.person.address):
        raise ContactRefused(Refusal.NO_ADDRESS)


def _check_reason(contact: Contact) -> None:
    """What was given for one purpose serves no other, and nothing after its time."""
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
    """What the row's contact points were given for: the registry's purpose, and the row's own `purpose` if its kind
    has several (a quote among the inquiries). Empty where the row is about nobody."""
    declaration = declaration_for(row._meta.db_table)
    if not isinstance(declaration, PersonalData):
        return []
    own = getattr(row, "purpose", None)
    return [Purpose(own), declaration.purpose] if own else [declaration.purpose]


def is_over(row: models.Model, *, now: datetime) -> bool:
    """Its retention has ended, whether or not the purge has been there."""
    declaration = declaration_for(row._meta.db_table)
    if not isinstance(declaration, PersonalData) or not declaration.retention.since:
        return False
    since = declaration.retention.since
    if "__" in since:  # counted from a moment of another row
        return declaration.expired(now).filter(pk=row.pk).exists()
    return bool(getattr(row, since) + timedelta(days=declaration.retention.days) <= now)


def _undeliverable(emails: set[str]) -> dict[str, datetime]:
    """When each of these addresses was found to take no mail; after a year it is tried again."""
    if not emails:
        return {}
    field = UndeliverableAddress._meta.get_field("email_index")
    known = UndeliverableAddress.objects.filter(noticed_at__gt=timezone.now() - UndeliverableAddress.LIFE)
    found = dict(known.filter(email_index__in=emails).values_list("email_index", "noticed_at"))
    return {email: found[index] for email in emails for index in field.candidates(email) if index in found}
