"""Contact preferences: which channels are allowed for which purpose. The person changes them through a link."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone
from django_tasks import task

from privacy.audit.trail import record
from privacy.consent.contact_permission import CHANNELS, is_over, purposes_of
from privacy.consent.opt_outs import suppress, unsuppress
from privacy.consent.preference_links import PreferencesLink
from privacy.mail.link_mail_limits import TASK_GRACE_PERIOD, acquire_for_address, mail_pending
from privacy.mail.sending import queue_mail
from privacy.mail.stored_addresses import stored_address
from privacy.mails import PREFERENCES_LINK
from privacy.models.consent import ChoicesRequest, Person, Suppression
from privacy.registry.declarations import personal_models
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import NEWS_OF, Audience, Channel, Purpose

_NOT_A_CHOICE = {Purpose.STAFF_ACCOUNT, Purpose.LEGAL_OBLIGATION}
CHOOSABLE = [purpose for purpose in Purpose if CHANNELS[purpose] and purpose not in _NOT_A_CHOICE]


MOST_ROWS = 200  # per table that are read to find out which preferences concern a person


@dataclass(frozen=True)
class Choice:
    """One channel for one purpose: open, or closed since a point in time."""

    purpose: Purpose
    channel: Channel
    closed_since: datetime | None

    @property
    def key(self) -> str:
        return f"{self.purpose}-{self.channel}"

    @property
    def is_open(self) -> bool:
        return self.closed_since is None


def preferences_of(fingerprint: str) -> list[Choice]:
    """All preferences, ordered by purpose. One query."""
    opt_outs = list(Suppression.objects.of(Person(email=fingerprint)))
    return [
        Choice(purpose, channel, _closed_since(opt_outs, purpose, channel))
        for purpose in CHOOSABLE
        for channel in Channel
        if channel in CHANNELS[purpose]
    ]


def preferences_for(link: PreferencesLink, *, now: datetime) -> list[Choice]:
    """The preferences about contact details that the person gave us. All of them for a link without an address."""
    choices = preferences_of(link.fingerprint)
    if not link.email:
        return choices
    given = _given(link.email, now)
    return [choice for choice in choices if (choice.purpose, choice.channel) in given]


def _given(email: str, now: datetime) -> set[tuple[Purpose, Channel]]:
    """For which purposes, and through which channels, the person's stored contact details may be used."""
    given = {
        (purposes_of(row)[0], channel)
        for declaration in personal_models()
        if declaration.holds_address and declaration.model is not ChoicesRequest
        for row in declaration.rows_of(email)[:MOST_ROWS]
        if not is_over(row, now=now)
        for channel in _channels_of(row)
    }
    given |= {(news, channel) for news, base in NEWS_OF.items() for purpose, channel in given if purpose == base}
    return given | {(Purpose.POLICY_NOTICE, channel) for purpose, channel in given if purpose in CHOOSABLE}


def _channels_of(row: models.Model) -> list[Channel]:
    details = {Channel.PHONE: getattr(row, "phone", None), Channel.LETTER: getattr(row, "address", None)}
    return [Channel.EMAIL, *(channel for channel, detail in details.items() if detail)]


def _closed_since(opt_outs: Iterable[Suppression], purpose: str, channel: str) -> datetime | None:
    closing = (o.created_at for o in opt_outs if o.channel == channel and o.purpose in ("", purpose))
    return max(closing, default=None)


@transaction.atomic
def save_preferences(
    *, link: PreferencesLink, open_keys: Collection[str], shown: Collection[str], now: datetime
) -> bool:
    """Of what the page showed, closes what isn't in `open_keys` and, if the link allows it, opens what is. Returns
    whether everything was done.

    Preferences that were already closed keep their date, so that later requests of the person are still answered.
    """
    seen = [choice for choice in preferences_of(link.fingerprint) if choice.key in shown]
    asked = [choice for choice in seen if choice.is_open != (choice.key in open_keys)]
    closing = [choice for choice in asked if choice.is_open]
    opening = [choice for choice in asked if not choice.is_open] if link.may_reopen(now) else []
    for choice in opening:
        unsuppress(link.fingerprint, channel=choice.channel, purpose=choice.purpose, among=CHOOSABLE)
    stopped = [
        row
        for c in closing
        for row in suppress(link.fingerprint, c.channel, purpose=c.purpose, normal_form=link.normal_form)
    ]
    if asked:
        record(action="privacy.choices.changed", about=stopped[0] if stopped else Suppression, actor=None)
    return len(closing) + len(opening) == len(asked)


@transaction.atomic
def opt_out_of_everything(*, link: PreferencesLink) -> None:
    """Opts out of all channels and all purposes, including future ones."""
    stopped = suppress(link.fingerprint, normal_form=link.normal_form)
    record(action="privacy.choices.stopped", about=stopped[0], actor=None)


@transaction.atomic
def unsubscribe_by_one_click(*, link: PreferencesLink, purpose: Purpose) -> None:
    """Opts out of email for this purpose."""
    [stopped] = suppress(
        link.fingerprint,
        Channel.EMAIL,
        purpose=purpose,
        source=Suppression.Source.LINK,
        normal_form=link.normal_form,
    )
    record(action="privacy.choices.stopped", about=stopped, actor=None)


@transaction.atomic
def request_preferences_link(*, email: str, now: datetime, mailed: bool = True) -> None:
    """Stores the request. A task mails the link; if not `mailed`, housekeeping does later."""
    request = ChoicesRequest.objects.create(email=email, asked_at=now)
    if mailed:
        mail_preferences_link.enqueue(str(request.pk))


@task()
@acts_for(Purpose.PRIVACY_REQUEST, audience=Audience.PERSON)
def mail_preferences_link(request_id: str) -> None:
    send_preferences_link(UUID(request_id), now=timezone.now())


def mail_pending_preferences_links(*, now: datetime) -> int:
    """Mails delayed links within the current limits. Returns how many."""
    waiting = ChoicesRequest.objects.filter(link_mailed_at=None, asked_at__lt=now - TASK_GRACE_PERIOD)
    return mail_pending(waiting.order_by("asked_at"), lambda pk: send_preferences_link(pk, now=now), now=now)


@transaction.atomic
def send_preferences_link(request_id: UUID, *, now: datetime) -> bool:
    """Mails one link for all requests of the address. False if another mail already did, or the address reached its
    limit; opting out works with any earlier link too."""
    request = ChoicesRequest.objects.select_for_update().filter(pk=request_id, link_mailed_at=None).first()
    if request is None or not acquire_for_address(request.email, now=now):
        return False
    ChoicesRequest.objects.filter(email_index=request.email, link_mailed_at=None).update(link_mailed_at=now)
    to = stored_address(request.email) or request.email
    queue_mail(PREFERENCES_LINK, to=to, about=request, context={})
    return True
