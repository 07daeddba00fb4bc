"""Every kind of message there is, in every situation, about every purpose: only what is permitted leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.apps import apps
from django.core import mail as django_mail
from django.db.models import Model

from privacy.consent.contact_permission import CHANNELS, purposes_of
from privacy.consent.opt_outs import suppress
from privacy.mail.bounces import mark_undeliverable
from privacy.mail.sending import MailKind, deliver_mail
from privacy.models import OutgoingMail
from privacy.registry import mail_kinds
from privacy.registry.declarations import PersonalData, declaration_for
from privacy.registry.mail_kinds import all_kinds
from privacy.registry.purposes import NEWS_OF, Channel, Purpose
from tests.privacy.stored import anew

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAVE = "dave@example.org"
KINDS = sorted(kind.template for kind in all_kinds())
OTHER = {purpose: next(other for other in Purpose if other != purpose) for purpose in Purpose}


def kind_of(template: str) -> MailKind:
    return next(kind for kind in all_kinds() if kind.template == template)


def reason_of(kind: MailKind) -> Model:
    """A row that such a mail is about, never stored. An account is staff's or an affiliate's, each for its purpose."""
    fields = {"is_staff": True} if kind.purpose is Purpose.STAFF_ACCOUNT else {}
    row: Model = apps.get_model(kind.about)(**fields)
    return row


# Situation → what happens to the person before delivery, and whether a kind then still leaves.
Situation = tuple[Callable[[MailKind], object], Callable[[MailKind], bool]]
SITUATIONS: dict[str, Situation] = {
    "live": (lambda kind: None, lambda kind: True),
    "not live": (lambda kind: None, lambda kind: False),
    "reason gone": (lambda kind: None, lambda kind: False),
    "opted out of all": (lambda kind: suppress(DAVE), lambda kind: kind.despite_opt_out),
    "opted out of the channel": (lambda kind: suppress(DAVE, Channel.EMAIL), lambda kind: kind.despite_opt_out),
    "opted out of the purpose": (
        lambda kind: suppress(DAVE, Channel.EMAIL, purpose=kind.purpose),
        lambda kind: kind.despite_opt_out,
    ),
    "opted out of another purpose": (lambda kind: suppress(DAVE, purpose=OTHER[kind.purpose]), lambda kind: True),
    "opted out of calls and letters": (lambda kind: suppress(DAVE, Channel.PHONE, Channel.LETTER), lambda kind: True),
    "undeliverable": (lambda kind: mark_undeliverable(DAVE, code="550"), lambda kind: False),
}


@pytest.fixture
def about(monkeypatch: pytest.MonkeyPatch) -> Callable[[MailKind, bool], OutgoingMail]:
    """A queued mail of a kind, with a reason that lives or does not. The reason itself is a row never stored: what
    each app calls live is tested with the app."""

    def queue(kind: MailKind, live: bool) -> OutgoingMail:
        row = reason_of(kind)
        declared = declaration_for(row._meta.db_table)
        if (
            isinstance(declared, PersonalData)
            and declared.retention.since
            and not getattr(row, declared.retention.since.split("__")[0], None)
        ):
            monkeypatch.setattr("privacy.consent.contact_permission.is_over", lambda row, now: False)
        stand_in = replace(kind, live=lambda reason: live, began=None, answers=None)
        monkeypatch.setitem(mail_kinds._kinds, kind.template, stand_in)
        monkeypatch.setattr("privacy.mail.sending._reason_of", lambda mail: row)
        return OutgoingMail.objects.create(
            kind=kind.template, about_model=kind.about, about_id=row.pk, recipient=DAVE, subject="s", text="t", html="h"
        )

    return queue


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("template", KINDS)
def test_only_what_is_permitted_leaves(
    template: str,
    situation: str,
    about: Callable[[MailKind, bool], OutgoingMail],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = kind_of(template)
    happens, leaves = SITUATIONS[situation]
    mail = about(kind, situation != "not live")
    if situation == "reason gone":
        monkeypatch.setattr("privacy.mail.sending._reason_of", lambda mail: None)
    happens(kind)
    deliver_mail.call(str(mail.pk))
    assert len(django_mail.outbox) == leaves(kind)
    assert anew(mail).state == ("sent" if leaves(kind) else "refused")
    assert bool(anew(mail).refusal) != leaves(kind)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("template", KINDS)
def test_a_kind_is_sent_for_its_own_purpose_alone(
    template: str, purpose: Purpose, about: Callable[[MailKind, bool], OutgoingMail], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same message under every other purpose: its reason was not given for that."""
    kind = kind_of(template)
    mail = about(kind, True)
    monkeypatch.setitem(mail_kinds._kinds, template, replace(mail_kinds._kinds[template], purpose=purpose))
    given_for = purposes_of(reason_of(kind))
    leaves = Channel.EMAIL in CHANNELS[purpose] and (NEWS_OF.get(purpose, purpose) in given_for or not given_for)
    deliver_mail.call(str(mail.pk))
    assert len(django_mail.outbox) == leaves


def test_the_matrix_has_every_kind() -> None:
    assert len(KINDS) == len(set(mail_kinds._kinds)) > 10


@pytest.mark.parametrize("template", KINDS)
def test_each_kind_is_about_something_that_was_given_for_its_purpose(template: str) -> None:
    kind = kind_of(template)
    given_for = purposes_of(reason_of(kind))
    assert NEWS_OF.get(kind.purpose, kind.purpose) in given_for or not given_for
