"""Evidence that mail only goes to people with a reason for it, and never to people who opted out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.apps import apps
from django.db.models import Count, Sum

from privacy.consent.contact_permission import CHANNELS
from privacy.encryption.blind_index import BlindIndex
from privacy.models import OutgoingMail
from privacy.models.consent import MailTally, Person, Suppression, tally
from privacy.registry.mail_kinds import MailKind, all_kinds
from privacy.registry.purposes import Channel, Purpose, Refusal

from .measurement import Evidence, Figures, at_least, evidence_for

SHOWN = timedelta(days=30)
NEWEST = 500  # most recent mails compared with the opt-outs

Outcome, State = MailTally.Outcome, OutgoingMail.State


@evidence_for("email-for-asked-contact-only")
def mail_has_a_reason(now: datetime) -> Evidence:
    """Broken if a mail bypassed the gate, which counts what it passes, or if a mail kind's purpose doesn't allow
    email."""
    since = (now - SHOWN).date()
    unexplained = _past_the_gate()
    aimless = [kind.template for kind in all_kinds() if Channel.EMAIL not in CHANNELS[kind.purpose]]
    figures: Figures = {"mails sent without a reason": unexplained, "mail kinds without a purpose": len(aimless)}
    for purpose, count in tally(outcome=Outcome.SENT, since=since).items():
        figures[f"sent in 30 days for {Purpose(purpose).label}"] = at_least(count)
    for reason, count in tally(outcome=Outcome.REFUSED, since=since).items():
        figures[f"refused in 30 days because {Refusal(reason).label}"] = at_least(count)
    return Evidence(kept=not unexplained and not aimless, figures=figures)


def _past_the_gate() -> int:
    """Number of sent mails that the gate hasn't counted."""
    sent = OutgoingMail.objects.filter(state=State.SENT).order_by().values_list("kind").annotate(rows=Count("*"))
    counted = MailTally.objects.filter(outcome=Outcome.SENT).order_by().values_list("kind").annotate(Sum("count"))
    known = dict(counted)
    return sum(max(0, rows - known.get(kind, 0)) for kind, rows in sent)


@evidence_for("opt-out")
def opt_outs_are_obeyed(now: datetime) -> Evidence:
    """Broken if a recent mail went to someone who had opted out of it."""
    told = {
        f"opt-outs of contact by {channel.label}": at_least(Suppression.objects.filter(channel=channel).count())
        for channel in Channel
    }
    kinds = {kind.template: kind for kind in all_kinds() if not kind.despite_opt_out}
    sent = OutgoingMail.objects.filter(state=State.SENT, kind__in=kinds).order_by("-queued_at")[:NEWEST]
    unwanted = _unwanted(list(sent), kinds)
    figures: Figures = {
        **told,
        "most recent mails checked": at_least(len(sent)),
        "of these, sent despite an opt-out": unwanted,
    }
    return Evidence(kept=not unwanted, figures=figures)


def _unwanted(mails: list[OutgoingMail], kinds: dict[str, MailKind]) -> int:
    people = {mail.pk: Person(email=mail.recipient) for mail in mails if mail.recipient}
    wishes = _by_index(Suppression.objects.of(*people.values()).filter(channel=Channel.EMAIL))
    return sum(
        any(_is_against(wish, mail, kinds[mail.kind]) for index in person.indexes() for wish in wishes.get(index, ()))
        for mail in mails
        if (person := people.get(mail.pk)) is not None
    )


def _by_index(wishes: Iterable[Suppression]) -> dict[BlindIndex, list[Suppression]]:
    found: dict[BlindIndex, list[Suppression]] = {}
    for wish in wishes:
        if wish.email_index is not None:
            found.setdefault(wish.email_index, []).append(wish)
    return found


def _is_against(wish: Suppression, mail: OutgoingMail, kind: MailKind) -> bool:
    """Whether the mail violates the opt-out. Mail that the person requested after opting out doesn't."""
    earlier = mail.sent_at is not None and wish.created_at < mail.sent_at
    return earlier and wish.purpose in ("", kind.purpose) and not _asked_again(wish, mail, kind)


def _asked_again(wish: Suppression, mail: OutgoingMail, kind: MailKind) -> bool:
    reason = apps.get_model(mail.about_model)._base_manager.filter(pk=mail.about_id).first() if kind.began else None
    return reason is not None and kind.began is not None and kind.began(reason) > wish.created_at
