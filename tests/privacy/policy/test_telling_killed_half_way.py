"""kill -9 while people are told: what is left is done by the next round, and nobody is written to twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.utils import timezone

from privacy.mail.sending import deliver_due_mail
from privacy.models import OutgoingMail, PrivacyRequest
from privacy.policy.models import PolicyNotice, PolicyVersion
from privacy.policy.notices import send_pending_notices
from privacy.policy.versions import announce_version, new_draft, put_in_effect
from privacy.registry import policy_gate
from privacy.registry.policy_snapshot import running, without
from tests import factories
from tests.privacy.erasure.test_killed_half_way import kill_in_the_middle
from tests.worker import run_due_tasks

from .conftest import PHONE, policy_in_effect

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PEOPLE = 40


def test_telling_goes_on_where_it_was_killed(environment: dict[str, str]) -> None:
    addresses = [f"dave{number}@example.org" for number in range(PEOPLE)]
    for address in addresses:
        factories.inquiry(address)
    version = announced()
    for after in (12, 30):
        kill_in_the_middle({**environment, "EMAIL_URL": "memorymail://"}, "housekeeping", after=after)
    told = PolicyNotice.objects.filter(mail_id__isnull=False).count()
    assert 0 < told < PEOPLE
    assert told == OutgoingMail.objects.count()  # a notice and its mail are written together
    finish()
    assert Counter(message.to[0] for message in django_mail.outbox) == dict.fromkeys(addresses, 1)
    put_in_effect(version=version, now=timezone.now(), actor=None)
    assert policy_gate.is_open(PrivacyRequest, "phone")


def announced() -> PolicyVersion:
    policy_in_effect(without(running(), [PHONE]))
    version = new_draft()
    version.save()
    announce_version(version=version, now=timezone.now(), actor=None)
    return version


def finish() -> None:
    """What the clock and the worker do, until nothing is left."""
    for minutes in (0, 20):
        send_pending_notices(now=timezone.now())
        deliver_due_mail(now=timezone.now() + timedelta(minutes=minutes))
        run_due_tasks()
