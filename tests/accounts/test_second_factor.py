"""The second factor: a stolen password alone opens nothing, and a copied database has no secret in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.models.second_factor import Authenticator, RecoveryCode
from accounts.models.session import Session
from affiliates.models import Affiliate
from privacy.audit.models import AuditEntry
from privacy.encryption.keys import RootKey, key_ring
from privacy.encryption.rotation import Column, rotate
from tests.cast import signed_in
from tests.worker import run_due_tasks

from .codes import CODE, LOGIN, PASSWORD, SET_UP, code_now, give_password, is_signed_in, set_up
from .test_sessions import whole_database

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

BOB, ALICE = "bob@example.com", "alice@example.com"


@pytest.fixture
def required(settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = True


@pytest.fixture
def secret(alice: Affiliate) -> bytes:
    """Alice has set up her phone a while ago."""
    client = Client()
    give_password(client, ALICE)
    return set_up(client)[0]


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("number").values_list("action", flat=True))


def subjects() -> list[str]:
    run_due_tasks()
    return [str(message.subject) for message in mail.outbox]


@pytest.mark.usefixtures("required")
def test_staff_open_nothing_before_they_have_a_second_factor(client: Client, bob: User) -> None:
    assert give_password(client, BOB)["Location"] == SET_UP
    for page in ["/admin/", "/admin/accounts/user/", "/accounts/security/", "/accounts/recovery-codes/"]:
        assert client.get(page).status_code == 302, page
    secret, codes = set_up(client)
    assert len(codes) == 10
    assert client.get("/admin/").status_code == 200
    assert secret not in b"".join(value.encode("latin-1", "ignore") for value in whole_database())


@pytest.mark.usefixtures("required")
def test_a_staff_session_without_a_second_factor_is_none(bob: User) -> None:
    """Also one from before it was required, or made by other code than the sign-in."""
    client = signed_in(bob)
    assert Session.objects.exists()
    assert client.get("/admin/").status_code == 302


def test_the_demo_asks_for_none_and_offers_it(client: Client, bob: User) -> None:
    assert give_password(client, BOB, next="/admin/")["Location"] == "/admin/"
    assert SET_UP in client.get("/accounts/security/").content.decode()
    secret, _ = set_up(client)
    again = Client()
    assert give_password(again, BOB)["Location"] == CODE
    assert not is_signed_in(again)
    assert secret


def test_the_project_requires_it_of_staff_outside_the_demo() -> None:
    from aitpro import settings as real

    assert (real.PAYPAL_MODE != "standin") == real.STAFF_SECOND_FACTOR


def test_with_an_app_the_password_alone_opens_nothing(secret: bytes, clock: time_machine.Traveller) -> None:
    client = Client()
    assert give_password(client, ALICE, next="/affiliates/portal/links/")["Location"] == CODE
    assert client.get("/affiliates/portal/")["Location"].startswith(LOGIN)
    clock.shift(timedelta(seconds=30))
    response = client.post(CODE, {"code": code_now(secret)})
    assert response["Location"] == "/affiliates/portal/links/"
    assert client.get("/affiliates/portal/").status_code == 200


def test_a_code_works_once(secret: bytes, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(seconds=30))
    code = code_now(secret)
    first, second = Client(), Client()
    for client in (first, second):
        give_password(client, ALICE)
        client.post(CODE, {"code": code})
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_the_code_of_the_set_up_does_not_sign_in(secret: bytes) -> None:
    client = Client()
    give_password(client, ALICE)
    client.post(CODE, {"code": code_now(secret)})
    assert not is_signed_in(client)


@pytest.mark.parametrize("typed", ["", "123", "abcdef", "12345６", "1" * 40, "\x00" * 6, "ABCD-EFGH-IJKL-MNOP"])
def test_invalid_code_gets_an_error(secret: bytes, typed: str) -> None:
    client = Client()
    give_password(client, ALICE)
    response = client.post(CODE, {"code": typed})
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not is_signed_in(client)


def test_the_right_code_right_after_wrong_ones_is_refused_and_later_taken(
    secret: bytes, clock: time_machine.Traveller
) -> None:
    client = Client()
    give_password(client, ALICE)
    clock.shift(timedelta(seconds=30))
    for _ in range(5):
        client.post(CODE, {"code": "000000"})
    client.post(CODE, {"code": code_now(secret)})
    assert not is_signed_in(client)
    clock.shift(timedelta(seconds=60))
    client.post(CODE, {"code": code_now(secret)})
    assert is_signed_in(client)


def test_nobody_without_the_password_keeps_the_owner_waiting(secret: bytes, clock: time_machine.Traveller) -> None:
    stranger = Client()
    for _ in range(20):
        assert stranger.post(CODE, {"code": "000000"})["Location"] == LOGIN
    clock.shift(timedelta(seconds=30))
    owner = Client()
    give_password(owner, ALICE)
    owner.post(CODE, {"code": code_now(secret)})
    assert is_signed_in(owner)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_four_guesses_at_once_one_is_looked_at(secret: bytes, clock: time_machine.Traveller) -> None:
    clients = [Client() for _ in range(24)]
    for client in clients:
        give_password(client, ALICE)
    together = Barrier(len(clients))

    def guess(client: Client) -> None:
        together.wait()
        client.post(CODE, {"code": "000000"})
        connection.close()

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(guess, clients))
    assert Authenticator.objects.get().throttling_failure_count == 1
    assert not any(is_signed_in(client) for client in clients)


def test_a_planted_session_does_not_get_to_try_codes(secret: bytes) -> None:
    attacker = Client()
    session = attacker.session
    session["x"] = 1
    session.save()
    victim = Client()
    victim.cookies["sessionid"] = attacker.cookies["sessionid"] = str(session.session_key)
    give_password(victim, ALICE)
    assert victim.get(CODE).status_code == 200
    assert attacker.get(CODE)["Location"] == LOGIN


def test_a_password_given_long_ago_or_changed_since_counts_for_nothing(
    secret: bytes, alice: Affiliate, clock: time_machine.Traveller
) -> None:
    late, changed = Client(), Client()
    give_password(late, ALICE)
    clock.shift(timedelta(minutes=11))
    assert late.post(CODE, {"code": code_now(secret)})["Location"] == LOGIN
    give_password(changed, ALICE)
    assert changed.get(CODE).status_code == 200
    alice.user.set_password("another good password")
    alice.user.save()
    assert changed.post(CODE, {"code": code_now(secret)})["Location"] == LOGIN


def test_a_new_password_does_not_pass_the_second_factor(secret: bytes, alice: Affiliate) -> None:
    from tests.privacy.inbox import link_mailed_to

    client = Client()
    client.post("/accounts/password/", {"email": ALICE})
    form = client.get(link_mailed_to(ALICE), follow=True)
    new = "a much better password"
    client.post(form.request["PATH_INFO"], {"new_password1": new, "new_password2": new})
    assert not is_signed_in(client)
    assert client.post(LOGIN, {"email": ALICE, "password": new})["Location"] == CODE


def test_a_recovery_code_signs_in_once_and_the_owner_hears_of_it(client: Client, alice: Affiliate) -> None:
    give_password(client, ALICE)
    _, codes = set_up(client)
    lost = Client()
    give_password(lost, ALICE)
    lost.post(CODE, {"code": codes[0].lower().replace("-", " ")})
    assert is_signed_in(lost)
    assert "9 recovery codes left" in lost.get("/accounts/security/").content.decode()
    thief = Client()
    give_password(thief, ALICE)
    thief.post(CODE, {"code": codes[0]})
    assert not is_signed_in(thief)
    assert "A recovery code was used" in subjects()
    assert "accounts.recovery_code.used" in actions()


def test_recovery_codes_are_shown_until_they_are_kept_and_stored_as_digests(client: Client, alice: Affiliate) -> None:
    give_password(client, ALICE)
    page = client.get(SET_UP).content.decode()
    assert "<svg" in page
    assert "style=" not in page
    key = Authenticator.objects.get().key
    first = client.post(SET_UP, {"code": code_now(key)})
    assert client.post(SET_UP, {"code": code_now(key)})["Location"] == first["Location"]  # sent twice
    shown = client.get(first["Location"]).content.decode()
    text = client.get("/accounts/recovery-codes/recovery-codes.txt")
    assert "no-store" in text["Cache-Control"]
    codes = text.content.decode().split()
    assert len(codes) == RecoveryCode.objects.count() == 10
    assert {len(code.replace("-", "")) for code in codes} == {24}  # of 32 symbols: 120 bits
    stored = whole_database()
    assert all(code in shown for code in codes)
    assert not any(code in value or code.replace("-", "") in value for code in codes for value in stored)
    assert "can&#x27;t be shown again" not in client.post(first["Location"], follow=True).content.decode()
    again = client.get(first["Location"], follow=True)
    assert again.redirect_chain == [("/accounts/security/", 302)]
    assert "Your recovery codes can&#x27;t be shown again" in again.content.decode()


def test_new_recovery_codes_end_the_old_ones(client: Client, alice: Affiliate) -> None:
    give_password(client, ALICE)
    _, codes = set_up(client)
    assert client.post("/accounts/recovery-codes/new/").status_code == 302
    lost = Client()
    give_password(lost, ALICE)
    lost.post(CODE, {"code": codes[0]})
    assert not is_signed_in(lost)


def test_setting_it_up_ends_other_sessions_and_is_told(client: Client, alice: Affiliate) -> None:
    elsewhere = Client()
    give_password(elsewhere, ALICE)
    give_password(client, ALICE)
    set_up(client)
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert "An authenticator app was added" in subjects()
    assert "accounts.second_factor.added" in actions()


def test_an_affiliate_may_remove_it_and_hears_of_it(client: Client, alice: Affiliate) -> None:
    give_password(client, ALICE)
    set_up(client)
    client.post("/accounts/authenticator/remove/")
    assert not Authenticator.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert "Your authenticator app was removed" in subjects()


@pytest.mark.usefixtures("required")
def test_staff_replace_theirs_and_do_not_remove_it(client: Client, bob: User, clock: time_machine.Traveller) -> None:
    give_password(client, BOB)
    old, _ = set_up(client)
    client.post("/accounts/authenticator/remove/")
    assert Authenticator.objects.filter(confirmed=True).count() == 1
    new, _ = set_up(client)
    assert Authenticator.objects.get().key == new != old
    clock.shift(timedelta(seconds=30))
    other = Client()
    give_password(other, BOB)
    other.post(CODE, {"code": code_now(new)})
    assert other.get("/admin/").status_code == 200


@pytest.mark.usefixtures("required")
def test_a_superuser_resets_a_lost_second_factor_but_never_the_own(client: Client, bob: User) -> None:
    give_password(client, BOB)
    set_up(client)
    dora = User.objects.create_user("dora@example.com", PASSWORD, is_staff=True)
    lost = Client()
    give_password(lost, "dora@example.com")
    set_up(lost)
    reset = "/admin/accounts/user/{}/reset-factor/".format
    assert lost.post(reset(bob.pk)).status_code == 403
    assert client.get(reset(dora.pk)).status_code == 200
    assert Authenticator.objects.filter(user=dora).exists()
    client.post(reset(dora.pk))
    client.post(reset(bob.pk))
    assert list(Authenticator.objects.values_list("user", flat=True)) == [bob.pk]
    assert not is_signed_in(lost)
    assert give_password(lost, "dora@example.com")["Location"] == SET_UP
    entry = AuditEntry.objects.get(action="accounts.second_factor.reset")
    assert (entry.actor, entry.object_id) == (bob.pk, str(dora.pk))
    assert "Your second factor was reset" in subjects()


def test_the_secret_moves_to_a_new_key(secret: bytes, settings: Settings) -> None:
    field: Any = Authenticator._meta.get_field("key")
    settings.ENCRYPTION_KEYS = f"{RootKey(b'next', b'n' * 32).written_out()},{key_ring().primary.written_out()}"
    assert rotate(Column(field)) == 1
    settings.ENCRYPTION_KEYS = key_ring().primary.written_out()
    assert Authenticator.objects.get().key == secret


def test_the_archive_says_that_there_is_one_and_withholds_the_secret(secret: bytes) -> None:
    from privacy.requests.archive import collect

    sections = {section["what"]: section for section in collect(email=ALICE)}
    assert "Your authenticator app" in sections
    assert len(sections["Your recovery codes"]["rows"]) == 10
    assert str(secret) not in str(sections)


def test_the_operator_resets_that_of_the_last_superuser(client: Client, bob: User) -> None:
    give_password(client, BOB)
    set_up(client)
    assert not AuditEntry.objects.filter(action="accounts.second_factor.reset").exists()
    call_command("reset_second_factor", "Bob@Example.com", stdout=StringIO())
    assert not Authenticator.objects.exists()
    assert not is_signed_in(client)
    assert AuditEntry.objects.get(action="accounts.second_factor.reset").actor is None
    with pytest.raises(CommandError, match="No account"):
        call_command("reset_second_factor", "nobody@example.com")
