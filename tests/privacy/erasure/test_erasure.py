"""Erasure: every row about a person goes, is stripped, or stays for a reason that is told; nobody else's changes."""

from __future__ import annotations

import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, Attribution
from privacy.audit.models import AuditEntry
from privacy.consent.opt_outs import is_opted_out, suppress
from privacy.erasure.erase import ErasureLine, erase_person, plan_erasure
from privacy.models import PrivacyRequest
from privacy.registry.declarations import Erasure, personal_models
from privacy.registry.purposes import Channel
from privacy.requests.archive import collect
from shop.delivery.license_keys import new_license_key
from shop.models import Order, Product
from shop.models.delivery import License
from tests import factories
from tests.privacy.conftest import ERIN, FRANK
from tests.privacy.stored import anew, stored
from tests.privacy.world import KEPT, KEPT_WITHOUT_A_PERSON, contents_about, rows_about

pytestmark = pytest.mark.django_db


def rows_shown(email: str) -> dict[str, int]:
    """By the registry's label, with those that are copies of others."""
    shown: dict[str, int] = {}
    for section in collect(email=email):
        copies = [copy.partition(":")[0] for copy in section["copies"]]
        shown |= dict.fromkeys([section["what"], *copies], len(section["rows"]))
    return shown


def test_the_report_names_everything_that_the_archive_shows(erin_and_frank: None) -> None:
    shown = rows_shown(ERIN)
    report = erase_person(email=" ERIN@example.org")
    went = {line.label: line.rows for line in report if line.rule is not Erasure.KEEP}
    assert shown == {**shown, **went}
    assert shown.keys() == {line.label for line in report}


def test_erasure_matches_its_plan(erin_and_frank: None) -> None:
    planned = [str(line) for line in plan_erasure(email=ERIN)]
    before = contents_about(ERIN)
    assert planned == [str(line) for line in plan_erasure(email=ERIN)]
    assert contents_about(ERIN) == before
    done = [str(line) for line in erase_person(email=ERIN) if line.rule is not Erasure.KEEP]
    assert done == planned[: len(done)]


def test_only_what_is_kept_with_a_reason_is_found_afterwards(erin_and_frank: None) -> None:
    kept = {line.label for line in erase_person(email=ERIN) if line.rule is Erasure.KEEP and line.reason}
    assert set(rows_shown(ERIN)) == KEPT
    assert kept == KEPT | KEPT_WITHOUT_A_PERSON


def test_the_report_counts_what_is_kept_and_plans_nothing_as_kept_that_is_to_change(
    erin_and_frank: None, product: Product
) -> None:
    for _ in range(2):
        Attribution.objects.create(
            order=factories.order(product, ERIN), affiliate=Affiliate.objects.get(code="DEMO"), rate_percent=30
        )
    suppress(ERIN, Channel.LETTER, source="call")
    planned = plan_erasure(email=ERIN)
    kept_whole = {declaration.label for declaration in personal_models() if declaration.erasure is Erasure.KEEP}
    assert {line.label for line in planned if line.rule is Erasure.KEEP} <= kept_whole
    assert all(line.rows for line in planned)
    kept = {line.label: line.rows for line in erase_person(email=ERIN) if line.rule is Erasure.KEEP}
    assert kept["The affiliate who brought your order"] == 3
    found = rows_shown(ERIN)
    for label in KEPT - {"Backup copies of do-not-contact entries"}:  # which the archive shows with the entries
        assert kept[label] == found[label], label
    assert kept["Do-not-contact entries"] > 1


def test_the_report_says_which_keys_work_on_and_why(erin_and_frank: None, product: Product) -> None:
    License.objects.create(order=factories.order(product, ERIN), key=new_license_key())
    [keys] = [line for line in erase_person(email=ERIN, keep_usable=True) if "key" in line.label.lower()]
    assert (keys.rule, keys.rows) == (Erasure.KEEP, 2)
    assert keys.reason == "you want to keep using what you bought; nothing identifies you any more"


def test_the_record_of_a_request_that_ends_with_the_person_is_kept_for_24_months(erin_and_frank: None) -> None:
    now = timezone.now()
    request = PrivacyRequest.objects.create(
        kind="complaint", channel="letter", state="confirmed", email=ERIN, due_at=now, keep_until=now
    )
    erase_person(email=ERIN)
    assert anew(request).keep_until == timezone.now() + relativedelta(months=24)


def test_deleted_rows_are_gone_and_stripped_ones_hold_nothing_personal(erin_and_frank: None) -> None:
    rows = [(d, row) for d in personal_models() for row in d.rows_of(ERIN)]
    erase_person(email=ERIN)
    for declaration, row in rows:
        still_there = declaration.model._base_manager.filter(pk=row.pk).exists()
        assert still_there == (declaration.erasure is not Erasure.DELETE), declaration.label
        if declaration.erasure is Erasure.REDACT:
            assert [stored(row, name) for name in declaration.emptied] == [None] * len(declaration.emptied)


def test_no_index_leads_to_a_stripped_row(erin_and_frank: None) -> None:
    user = User.objects.get(email_index=ERIN)
    erase_person(email=ERIN)
    assert stored(user, "email_index") is None
    assert stored(user.affiliate, "payout_email_index") is None


def test_nobody_else_loses_anything(erin_and_frank: None) -> None:
    before = contents_about(FRANK)
    erase_person(email=ERIN)
    assert contents_about(FRANK) == before
    assert Affiliate.objects.get(code="DEMO").user.email == "alice@example.com"


def test_a_second_time_there_is_nothing_left_to_do(erin_and_frank: None) -> None:
    erase_person(email=ERIN)
    assert {line.rule for line in erase_person(email=ERIN)} == {Erasure.KEEP}


def test_amounts_and_dates_of_an_order_stay(erin_and_frank: None) -> None:
    order = Order.objects.get(email_index=ERIN)
    erase_person(email=ERIN)
    stripped = anew(order)
    assert (stripped.amount_minor, stripped.placed_at, stripped.reference) == (5995, order.placed_at, order.reference)
    assert (stripped.name, stripped.email, stripped.is_erased) == (None, None, True)


def test_an_order_paid_in_the_meantime_stays_paid(product: Product) -> None:
    """Stripping writes the personal columns and no other: what PayPal reports at that moment is not undone."""
    factories.order(product, email=ERIN)
    with CaptureQueriesContext(connection) as queries:
        erase_person(email=ERIN)
    update, ending = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "shop_order"')]
    assert '"email"' in update
    assert '"email_index"' in update
    assert '"state"' not in update
    assert '"paid_at"' not in update
    assert ending.startswith('UPDATE "shop_order" SET "delivery_ended" = CASE WHEN')
    assert ending.count(" = ") == 1


def test_an_erased_account_can_not_sign_in(erin_and_frank: None) -> None:
    user = User.objects.get(email_index=ERIN)
    erase_person(email=ERIN)
    assert not anew(user).is_active
    assert not anew(user).has_usable_password()


def test_erasing_without_an_address_touches_nobody(erin_and_frank: None) -> None:
    erase_person(email=ERIN)
    before = rows_about(FRANK)
    with pytest.raises(ValueError, match="an email address is required"):
        erase_person(email="")
    assert rows_about(FRANK) == before


def test_when_one_row_fails_everything_stays(erin_and_frank: None, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows_about(ERIN)

    def fail(self: User, **options: object) -> None:
        raise OSError

    monkeypatch.setattr(User, "save", fail)
    with pytest.raises(OSError):
        erase_person(email=ERIN)
    assert rows_about(ERIN) == before


def test_a_line_of_the_report_reads_well() -> None:
    assert str(ErasureLine("Your orders", Erasure.DELETE, 2)) == "Your orders: 2 deleted"
    line = ErasureLine("Your orders", Erasure.REDACT, 1, "the tax office asks")
    assert str(line) == "Your orders: 1 anonymized, because the tax office asks"
    assert (
        str(ErasureLine("Opt-out", Erasure.KEEP, 1, "we'd write again")) == "Opt-out: 1 kept, because we'd write again"
    )


def test_the_record_of_a_request_stays_without_its_person(erin_and_frank: None) -> None:
    request = PrivacyRequest.objects.get(email_index=ERIN)
    erase_person(email=ERIN)
    assert (anew(request).reference, anew(request).kind) == (request.reference, "complaint")
    assert (anew(request).email, anew(request).details) == (None, None)
    assert PrivacyRequest.objects.get(email_index=ERIN) == request  # found by whoever comes with the address
    assert "erin" not in str(anew(request).fingerprint)


def test_somebody_erased_is_not_written_to(erin_and_frank: None) -> None:
    erase_person(email=ERIN)
    assert all(is_opted_out(ERIN, channel) for channel in Channel)
    assert not any(is_opted_out("grace@example.org", channel) for channel in Channel)


def test_an_erasure_is_in_the_audit_by_ids_alone(erin_and_frank: None, bob: User) -> None:
    erase_person(email=ERIN, actor=bob)
    entry = AuditEntry.objects.latest("number")
    assert (entry.action, entry.actor, entry.object_model) == ("privacy.person.erased", bob.pk, "privacy.erasuremark")


def test_about_somebody_unknown_nothing_is_remembered() -> None:
    assert erase_person(email="nobody@example.org") == []
    assert rows_about("nobody@example.org") == {}
