"""What somebody reads before their data is deleted, what they can keep, and what the report says afterwards."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from affiliates.models import Affiliate, LedgerEntry
from contacts.models import Inquiry
from privacy.consent.opt_outs import suppress
from privacy.erasure.erase import erase_person
from privacy.keystore.models import Tombstone
from privacy.models import AccessArchive, ErasureMark, PrivacyRequest, Suppression
from privacy.registry.purposes import Channel
from privacy.requests import receive_request
from shop.models import License, Order, Product, ProductFile
from tests import factories
from tests.cast import superuser
from tests.privacy.inbox import link_mailed_to
from tests.privacy.stored import anew

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ERIN = "Erin@example.org"
KEY = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"


@pytest.fixture
def release(product: Product) -> ProductFile:
    return factories.release(product)


@pytest.fixture
def order(product: Product, release: ProductFile) -> Order:
    """Paid and delivered."""
    order = factories.order(product, email=ERIN, name="Erin Ellis", state="paid", paid_at=timezone.now())
    factories.payment(order, state="paid")
    License.objects.create(order=order, key=KEY)
    return order


def link(email: str = ERIN) -> str:
    receive_request(email=email, kind="deletion", details="", now=timezone.now())
    return link_mailed_to(email)


def delete(client: Client, path: str, license: str = "keep") -> Any:
    return client.post(path, {"kind": "deletion", "license": license}, follow=True)


def text(response: Any) -> str:
    page = BeautifulSoup(response.content, "html.parser")
    assert "UNDEFINED" not in str(page)
    return " ".join((page.find("main") or page.find(id="container") or page).get_text(" ").split())


def download(client: Client, order: Order, release: ProductFile) -> Any:
    response = client.post(f"{order.get_absolute_url()}download/{release.pk}/", follow=True)
    if response.streaming:
        response.getvalue()  # to the end, where the test client closes the file
    return response


def test_page_says_before_the_button_what_is_deleted_and_kept_and_why(client: Client, order: Order) -> None:
    factories.inquiry(ERIN)
    said = text(client.get(link()))
    before, _, after = said.rpartition("Delete my data")
    assert "Your messages to us: 1 deleted" in before
    assert "Your orders: 1 anonymized, because tax records keep amounts and dates" in before
    assert f"BPS Pro License key: {KEY} Page with downloads: Order {order.reference}" in before
    assert "license keys: 1 deleted" not in before.lower()  # that is for the buyer to choose
    assert f"Save your order numbers: {order.reference}" in before
    assert "can't be undone" in after


def test_report_lists_no_wish_that_nobody_expressed_and_each_kind_once(client: Client, order: Order) -> None:
    report = BeautifulSoup(delete(client, link()).content, "html.parser")
    kept = report.select_one("section[aria-labelledby=staying]")
    assert kept is not None
    lines = [item.get_text(strip=True) for item in kept.select("li")]
    assert not [line for line in lines if "o-not-contact" in line or line.startswith("Deletion marker")]
    labels = [line.partition(":")[0] for line in lines]
    assert "Your privacy requests" in labels
    assert len(labels) == len(set(labels))
    assert "one-way fingerprint of your address" in kept.get_text()
    assert not kept.select(".ticks")  # ticks are for what is deleted


def test_report_lists_an_opt_out_that_the_person_asked_for(client: Client, order: Order) -> None:
    suppress(ERIN, Channel.LETTER, source="call")
    assert "Do-not-contact entries: 1 kept" in text(delete(client, link()))


def test_two_choices_have_equal_weight_and_neither_is_ticked(client: Client, order: Order) -> None:
    page = BeautifulSoup(client.get(link()).content, "html.parser")
    choices = page.select("input[name=license]")
    assert [choice["value"] for choice in choices] == ["keep", "end"]
    assert not [choice for choice in choices if choice.has_attr("checked")]


def test_without_a_choice_nothing_is_deleted(client: Client, order: Order) -> None:
    response = client.post(link(), {"kind": "deletion"})
    assert "Please choose one" in text(response)
    assert anew(order).email == ERIN
    assert PrivacyRequest.objects.get().state == "unconfirmed"


def test_somebody_who_bought_nothing_is_asked_for_no_choice(client: Client) -> None:
    factories.inquiry(ERIN)
    path = link()
    assert "license" not in text(client.get(path))
    assert "Your data is deleted" in text(client.post(path, {"kind": "deletion"}, follow=True))


def test_license_that_is_kept_works_without_name_and_address(
    client: Client, order: Order, release: ProductFile
) -> None:
    report = text(delete(client, link()))
    order = anew(order)
    assert (order.name, order.email, License.objects.get().key) == (None, None, KEY)
    assert f"BPS Pro License key: {KEY}" in report
    assert f"{settings.SITE_URL}{order.get_absolute_url()}" in report
    assert KEY in text(Client().get(order.get_absolute_url()))
    assert download(Client(), order, release).status_code == 200


def test_nothing_leads_from_the_person_to_the_license_that_was_kept(client: Client, order: Order) -> None:
    delete(client, link())
    response = client.post(link_of_access(client), follow=True)
    with zipfile.ZipFile(io.BytesIO(client.get(f"{response.redirect_chain[-1][0]}download/").content)) as archive:
        kept = archive.read("data.json").decode()
    assert "privacy requests" in kept
    assert KEY not in kept
    assert order.reference not in kept


def link_of_access(client: Client) -> str:
    receive_request(email=ERIN, kind="access", details="", now=timezone.now())
    return link_mailed_to(ERIN)


def test_license_that_is_ended_works_no_more_and_the_pages_say_so(
    client: Client, order: Order, release: ProductFile
) -> None:
    assert download(client, order, release).status_code == 200
    report = text(delete(client, link(), license="end"))
    assert "What you bought ended" in report
    assert KEY not in report
    assert not License.objects.exists()
    assert "ended when its buyer asked us to delete their data" in text(client.get(order.get_absolute_url()))
    assert download(client, anew(order), release).status_code == 404


def test_download_link_made_before_the_license_was_ended_brings_nothing(
    client: Client, order: Order, release: ProductFile
) -> None:
    made = client.post(f"{order.get_absolute_url()}download/{release.pk}/")["Location"]
    delete(client, link(), license="end")
    assert client.get(made).status_code == 403


def test_order_that_is_paid_after_the_deletion_is_delivered(client: Client, product: Product) -> None:
    order = factories.order(product, email=ERIN)
    assert f"Not paid in full yet: {order.reference}" in text(client.get(path := link()))
    delete(client, path, license="end")
    Order.objects.filter(pk=order.pk).update(state="paid", paid_at=timezone.now())
    assert anew(order).is_delivered


@pytest.mark.parametrize("how", ["two tabs", "back button", "reload of the result", "link opened again"])
def test_deletion_again_leads_to_the_same_report(client: Client, order: Order, how: str) -> None:
    path = link()
    first = delete(client, path)
    ways: dict[str, Callable[[], Any]] = {
        "two tabs": lambda: delete(Client(), path, license="end"),
        "back button": lambda: delete(client, path),
        "reload of the result": lambda: client.get(first.redirect_chain[-1][0]),
        "link opened again": lambda: client.get(path, follow=True),
    }
    again = ways[how]()
    assert (again.status_code, text(again)) == (200, text(first))
    assert License.objects.get().key == KEY
    assert Tombstone.objects.count() == 1


def test_report_is_sealed_and_gone_after_seven_days(
    client: Client, order: Order, clock: time_machine.Traveller
) -> None:
    path = link()
    delete(client, path)
    clock.shift(timedelta(days=7, seconds=-1))
    assert client.get(path, follow=True).status_code == 200
    clock.shift(timedelta(seconds=1))
    assert client.get(path, follow=True).status_code == 410
    assert not AccessArchive.objects.exists()


# --- The archive first ------------------------------------------------------------------------------------------------


def test_archive_can_be_downloaded_first_and_the_link_survives(client: Client, order: Order) -> None:
    path = link()
    for _ in range(2):
        response = client.post(f"{path}archive-first/")
        assert response["Content-Disposition"].startswith("attachment;")
        assert "no-store" in response["Cache-Control"]
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            assert "Erin Ellis" in json.dumps(json.loads(archive.read("data.json")))
    assert not AccessArchive.objects.exists()  # it lies with its person alone, so no deletion destroys it
    assert "Your data is deleted" in text(delete(client, path))


def test_page_says_that_archives_waiting_here_are_deleted_too(client: Client) -> None:
    client.post(link_of_access(client), follow=True)
    said = text(client.get(link()))
    assert "archives stored here are deleted with the rest" in said
    assert "ready for download: 1 deleted" in said


@pytest.mark.parametrize("kind", ["access", "complaint"])
def test_no_archive_comes_first_where_no_deletion_waits(client: Client, kind: str) -> None:
    receive_request(email=ERIN, kind=kind, details="", now=timezone.now())
    assert client.post(f"{link_mailed_to(ERIN)}archive-first/").status_code == 410


def test_archive_first_is_a_button_and_not_a_link(client: Client, order: Order) -> None:
    path = link()
    assert client.get(f"{path}archive-first/").status_code == 405
    assert Client(enforce_csrf_checks=True).post(f"{path}archive-first/").status_code == 403


def test_archive_first_is_over_after_the_deletion(client: Client, order: Order) -> None:
    path = link()
    delete(client, path)
    assert "Your data is deleted" in text(client.post(f"{path}archive-first/", follow=True))


# --- Who else is deleted ----------------------------------------------------------------------------------------------


def test_affiliate_reads_what_is_not_paid_before_the_button(client: Client, alice: Affiliate) -> None:
    LedgerEntry.objects.create(affiliate=alice, kind="adjustment", amount_minor=1799, currency="USD", reason="A prize")
    said = text(client.get(link("alice@example.com")))
    assert "links with the code DEMO stop earning" in said
    assert "Not paid to you yet: $17.99" in said
    assert "close your account" in said


def test_last_superuser_is_not_deleted_by_page_admin_or_command(client: Client, staff: Client, bob: User) -> None:
    path = link("bob@example.com")
    page = client.get(path)
    assert "only account that can administer the site" in text(page)
    assert "This can't be undone" not in text(page)
    assert "only account" in text(client.post(path, {"kind": "deletion", "license": "end"}))
    with pytest.raises(CommandError, match="only account"):
        call_command("erase_person", "bob@example.com")
    request = PrivacyRequest.objects.get()
    assert (anew(bob).is_active, request.state) == (True, "unconfirmed")
    superuser("grace@example.com")
    assert "Your staff account will be closed" in text(client.get(path))
    assert "Your data is deleted" in text(client.post(path, {"kind": "deletion"}, follow=True))
    assert not anew(bob).is_active


# --- Staff, the operator, and a restored backup -----------------------------------------------------------------------

LIST = "/admin/privacy/privacyrequest/"


def recorded(staff: Client) -> PrivacyRequest:
    values = {"kind": "deletion", "channel": "letter", "received_at_0": "2026-03-01", "received_at_1": "09:00:00"}
    response = staff.post(
        f"{LIST}add/", {**values, "identity": "documents", "email": ERIN, "contact": "", "details": ""}
    )
    assert response.status_code == 302, text(response)
    return PrivacyRequest.objects.latest("id")


@pytest.mark.parametrize("license", ["keep", "end"])
def test_staff_choose_for_the_person_and_can_print_the_report_again(staff: Client, order: Order, license: str) -> None:
    request = recorded(staff)
    page = f"{LIST}{request.pk}/step/delete/"
    asked = text(staff.get(page))
    assert KEY in asked
    assert "Your orders: 1 anonymized" in asked
    assert "Please choose one" in text(staff.post(page))
    first = staff.post(page, {"license": license}, follow=True)
    assert License.objects.exists() == (license == "keep") == (KEY in text(first))
    assert text(staff.post(page, {"license": "end"}, follow=True)) == text(first)
    assert text(staff.get(f"{LIST}{request.pk}/report/")) == text(first)


def test_staff_see_no_report_of_a_deletion_by_the_page(client: Client, staff: Client, order: Order) -> None:
    delete(client, link())
    request = PrivacyRequest.objects.get()
    assert KEY not in text(staff.get(f"{LIST}{request.pk}/report/", follow=True))
    assert KEY not in text(staff.get(f"{LIST}{request.pk}/change/"))


@pytest.mark.parametrize(("options", "left"), [([], 0), (["--keep-licenses"], 1)])
def test_command_keeps_licenses_when_told_to(order: Order, options: list[str], left: int) -> None:
    out = io.StringIO()
    call_command("erase_person", ERIN, *options, stdout=out)
    assert License.objects.count() == left
    assert anew(order).is_delivered == bool(left)
    assert ("stop working" in out.getvalue()) == (not left)


@pytest.mark.parametrize("keep", [True, False])
def test_deletion_applied_again_after_a_restore_keeps_the_same_choice(
    order: Order, keep: bool, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        erase_person(email=ERIN, keep_usable=keep)
    for model in (ErasureMark, Suppression, License):  # the backup from before
        model._base_manager.all().delete()
    order.save()  # as it was read before the deletion
    License.objects.create(order=order, key=KEY)
    factories.inquiry(ERIN)
    call_command("restore_check", stdout=io.StringIO())
    assert not Inquiry.objects.exists()
    assert (License.objects.exists(), anew(order).is_delivered, anew(order).email) == (keep, keep, None)


def test_open_complaint_ends_with_the_deletion_and_the_page_says_so_before(client: Client, order: Order) -> None:
    receive_request(email=ERIN, kind="complaint", details="You kept calling me.", now=timezone.now())
    path = link()
    assert "Your open request ends without an answer" in client.get(path).content.decode()
    delete(client, path)
    complaint = PrivacyRequest.objects.get(kind="complaint")
    assert (complaint.state, complaint.outcome, complaint.email) == ("answered", "ended", None)
    assert not PrivacyRequest.objects.open().exists()
