"""Nothing starts with other root keys than those that the database was sealed with."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.cache import cache
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from affiliates.models import Affiliate, LabelSales
from affiliates.statistics.label_sales import count_label_sales
from affiliates.tracking.labels import declare_label
from contacts.mails import INQUIRY_ANSWERED
from privacy.consent.opt_outs import suppress
from privacy.encryption.keys import RootKey
from privacy.erasure.readiness import NotReady, require_ready
from privacy.keystore.root_keys import note_root_keys
from privacy.models import KeyCheck, OutgoingMail
from shop.models import Product
from tests import factories
from tests.affiliates.sales import sale

FIRST, SECOND = RootKey(b"1st.", b"1" * 32), RootKey(b"2nd.", b"2" * 32)
THIRD = RootKey(b"3rd.", b"3" * 32)
IMPOSTOR = RootKey(FIRST.id, b"i" * 32)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture(autouse=True)
def _sealed_with_the_first_key(settings: Settings) -> None:
    KeyCheck.objects.all().delete()
    ring(settings, FIRST)
    factories.inquiry(email="dave@example.org")
    require_ready()


def ring(settings: Settings, *keys: RootKey) -> None:
    settings.ENCRYPTION_KEYS = ",".join(key.written_out() for key in keys)


def noted() -> set[str]:
    return {bytes.fromhex(check.key_id).decode() for check in KeyCheck.objects.all()}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ((SECOND,), "The key 3173742e is missing"),
        ((IMPOSTOR,), "The key 3173742e is not the one"),
        ((SECOND, IMPOSTOR), "The key 3173742e is not the one"),
    ],
)
def test_other_keys_are_refused_with_the_id_of_the_right_one(
    settings: Settings, keys: tuple[RootKey, ...], said: str
) -> None:
    ring(settings, *keys)
    for _ in range(2):  # a refused start changes nothing
        with pytest.raises(NotReady, match=f"ENCRYPTION_KEYS: {said}") as refusal:
            require_ready()
        assert keys[0].written_out().partition(":")[2] not in str(refusal.value)
    assert said in str(run_checks(tags=["privacy"]))
    with pytest.raises(CommandError, match=said):
        call_command("housekeeping")
    assert noted() == {"1st."}
    ring(settings, FIRST)
    require_ready()
    assert "E024" not in str(run_checks(tags=["privacy"]))


def test_rotation_needs_the_old_key_until_nothing_is_left_under_it(settings: Settings) -> None:
    ring(settings, FIRST, SECOND)
    require_ready()
    assert noted() == {"1st."}  # the second one seals nothing yet, and may be taken out again
    ring(settings, SECOND, FIRST)
    require_ready()
    assert noted() == {"1st.", "2nd."}
    ring(settings, FIRST)
    with pytest.raises(NotReady, match="The key 326e642e is missing"):  # a process with the old ring ends
        require_ready()
    ring(settings, SECOND, FIRST)
    call_command("rotate_keys", stdout=StringIO())
    assert noted() == {"2nd."}
    require_ready()
    assert noted() == {"2nd."}  # housekeeping still has the old one in its ring
    ring(settings, SECOND)
    require_ready()
    ring(settings, THIRD, SECOND, FIRST)  # the next rotation does not need the first one
    require_ready()
    assert noted() == {"2nd.", "3rd."}


def test_database_from_before_the_checks_is_tried_by_its_values(settings: Settings) -> None:
    KeyCheck.objects.all().delete()
    for wrong in (SECOND, IMPOSTOR):
        ring(settings, wrong)
        with pytest.raises(NotReady, match="The values of [a-z_]+.[a-z_]+ don't open"):
            require_ready()
        assert noted() == set()
    ring(settings, SECOND, FIRST)  # in the middle of a rotation
    require_ready()
    assert noted() == {"1st.", "2nd."}


def test_of_two_machines_with_different_keys_the_second_is_refused(settings: Settings) -> None:
    ring(settings, SECOND)
    with pytest.raises(NotReady):
        require_ready()


def test_sealed_value_opens_only_with_its_own_key_and_row(settings: Settings) -> None:
    ring(settings, SECOND, FIRST)
    note_root_keys()
    KeyCheck.objects.filter(pk=SECOND.id.hex()).update(sealed=KeyCheck.objects.get(pk=FIRST.id.hex()).sealed)
    with pytest.raises(NotReady, match="The key 326e642e is not the one"):
        require_ready()


def test_opt_out_evidence_works_in_the_middle_of_a_rotation(settings: Settings, clock: time_machine.Traveller) -> None:
    people = [factories.inquiry(email=f"{name}@example.org") for name in ("dave", "erin", "frank")]
    clock.shift(timedelta(minutes=1))
    suppress("dave@example.org")
    ring(settings, SECOND, FIRST)
    suppress("erin@example.org")
    clock.shift(timedelta(minutes=1))
    for one in people:
        OutgoingMail.objects.create(
            **{"kind": INQUIRY_ANSWERED.template, "about_model": "contacts.Inquiry", "recipient": one.email},
            **{"about_id": one.pk, "subject": "Hello", "text": "Hello", "html": "Hello"},
            **{"state": OutgoingMail.State.SENT, "sent_at": timezone.now()},
        )
    cache.clear()
    promises = Client().get("/privacy/evidence.json").json()["promises"]
    [figures] = [promise["figures"] for promise in promises if promise["id"] == "opt-out"]
    assert figures["of these, sent despite an opt-out"] == 2


def test_buyer_under_two_keys_is_one_buyer(settings: Settings, alice: Affiliate, product: Product) -> None:
    """Or the sums of a label would appear with fewer buyers than they need."""
    declare_label(affiliate=alice, text="may")
    for keys in ((FIRST,), (SECOND, FIRST)):
        ring(settings, *keys)
        for name in ("carol", "dave"):
            sale(alice, product, campaign="may", email=f"{name}@example.net")
    count_label_sales()
    assert not LabelSales.objects.exists()
    sale(alice, product, campaign="may", email="erin@example.net")
    count_label_sales()
    assert LabelSales.objects.exists()
