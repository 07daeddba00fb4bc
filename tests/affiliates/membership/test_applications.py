"""From an application to a sign-in, or to a friendly decline."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.models import User
from affiliates.membership.applications import approve_application, decline_application
from affiliates.models import Affiliate, Application
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from privacy.models import Suppression
from privacy.registry.purposes import Channel
from tests import factories
from tests.cast import signed_in

from .conftest import Link

Work = Callable[[], int]

ERIN = {
    "name": "Erin Ellis",
    "email": "Erin@example.org",
    "website": "erin.example",
    "message": "I write about WordPress.",
    "terms": "on",
}
APPLY = "/affiliates/apply/"
LIST = "/admin/affiliates/application/"


@pytest.fixture
def application(client: Client, db: None) -> Application:
    client.post(APPLY, ERIN)
    return Application.objects.get()


def decide(staff: Client, application: Application, action: str, **answers: str) -> str:
    data = {"action": action, "_selected_action": [str(application.pk)], **answers}
    return staff.post(LIST, data, follow=True).content.decode()


@pytest.mark.django_db
def test_application_is_stored_sealed_and_its_address_confirmed(client: Client, work: Work) -> None:
    response = client.post(APPLY, ERIN)
    assert (response.status_code, response.headers["Location"]) == (302, "/affiliates/applied/")
    application = Application.objects.get()
    assert (application.name, application.email) == ("Erin Ellis", "Erin@example.org")
    assert (application.website, application.terms_version) == ("https://erin.example", "1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, email, website, message FROM affiliates_application")
        assert not [value for value in cursor.fetchone() if b"rin" in bytes(value) or b"WordPress" in bytes(value)]
    work()
    assert [message.to for message in mail.outbox] == [["Erin@example.org"]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("terms", "", "Please read and accept the terms"),
        ("email", "erin", "Enter a valid email address"),
        ("website", "not a website", "doesn&#x27;t look like the address of a website"),
        ("website", "javascript://x", "doesn&#x27;t look like the address of a website"),
        ("name", "", "This field is required"),
        ("message", "a\x00b", "Null characters are not allowed"),
    ],
)
def test_invalid_application_form_keeps_its_values_and_names_the_error(
    client: Client, field: str, value: str, message: str
) -> None:
    response = client.post(APPLY, {**ERIN, field: value})
    page = response.content.decode()
    assert response.status_code == 200
    assert message in page
    kept = {name: text for name, text in ERIN.items() if name not in {field, "terms"}}
    assert all(text in page for text in kept.values())
    assert not Application.objects.exists()


@pytest.mark.django_db
def test_invalid_application_gets_error_summary_and_title(client: Client) -> None:
    page = BeautifulSoup(client.post(APPLY, {**ERIN, "website": "?", "terms": ""}).content, "html.parser")
    summary = page.select_one("form [role=alert]")
    assert summary is not None
    assert summary.has_attr("autofocus")
    assert [link["href"] for link in summary.select("a")] == ["#id_website", "#id_terms"]
    assert page.title is not None
    assert page.title.get_text().startswith("Error: ")


@pytest.mark.django_db
def test_website_field_lets_browsers_send_domain_without_scheme(client: Client) -> None:
    field = BeautifulSoup(client.get(APPLY).content, "html.parser").find("input", {"name": "website"})
    assert field is not None
    assert (field["type"], field["inputmode"], field["autocomplete"]) == ("text", "url", "url")


def test_approved_applicant_becomes_affiliate_who_can_sign_in(
    staff: Client, client: Client, application: Application, work: Work
) -> None:
    assert "1 approved" in decide(staff, application, "approve")
    affiliate = Affiliate.objects.get()
    assert (affiliate.payout_email, affiliate.website) == (None, "https://erin.example")
    work()
    text = str(mail.outbox[-1].body)
    assert f"/go/{affiliate.code}/" in text
    link = re.search(r"https?://[^/]+(/accounts/password/\S+)", text)
    assert link
    form = client.get(link.group(1), follow=True)
    secret = "a long enough passphrase"
    client.post(form.request["PATH_INFO"], {"new_password1": secret, "new_password2": secret})
    answer = client.post("/accounts/login/", {"email": "erin@EXAMPLE.org", "password": secret}, follow=True)
    assert answer.redirect_chain[-1][0] == "/affiliates/portal/"
    assert f">{affiliate.code}</span>" in answer.content.decode()


def test_password_link_works_once(client: Client, application: Application, work: Work) -> None:
    approve_application(application=application)
    work()
    link = re.search(r"https?://[^/]+(/accounts/password/\S+)", str(mail.outbox[-1].body))
    assert link
    form = client.get(link.group(1), follow=True)
    secret = "a long enough passphrase"
    client.post(form.request["PATH_INFO"], {"new_password1": secret, "new_password2": secret})
    again = Client().get(link.group(1), follow=True)
    assert "new_password1" not in again.content.decode()


def test_application_is_decided_once(application: Application) -> None:
    assert approve_application(application=application)
    assert approve_application(application=application) is None
    assert not decline_application(application=application, reason="No.")
    assert Affiliate.objects.count() == User.objects.count() == 1


def test_applicant_with_account_keeps_that_account(
    client: Client, application: Application, link: Link, work: Work
) -> None:
    user = factories.user("erin@example.org")
    work()
    client.post(link("/affiliates/apply/confirm/"))
    application.refresh_from_db()
    affiliate = approve_application(application=application)
    assert affiliate is not None
    assert affiliate.user == user


def test_decline_email_contains_reason(staff: Client, application: Application, work: Work) -> None:
    assert "1 declined" in decide(staff, application, "decline", reason="We look for sites about WordPress.")
    work()
    assert mail.outbox[-1].to == ["Erin@example.org"]
    assert "We look for sites about WordPress." in str(mail.outbox[-1].body)
    assert "you are welcome to apply again" in str(mail.outbox[-1].body)
    application.refresh_from_db()
    assert application.state == Application.State.DECLINED
    assert not Affiliate.objects.exists()


@pytest.mark.parametrize("action", ["approve", "decline"])
def test_application_stays_undecided_if_applicant_opted_out(
    staff: Client, application: Application, action: str
) -> None:
    Suppression.objects.create(fingerprint="erin@example.org", channel=Channel.EMAIL)
    page = decide(staff, application, action, reason="No.")
    assert "opted out of email" in page
    application.refresh_from_db()
    assert application.is_undecided
    assert not Affiliate.objects.exists()


def test_deciding_applications_requires_permission(application: Application, vera: User) -> None:
    client = signed_in(vera)
    data = {"action": "approve", "_selected_action": [str(application.pk)]}
    assert client.post(LIST, data).status_code == 403
    assert not Affiliate.objects.exists()


def test_new_affiliate_code_is_random_and_readable(application: Application) -> None:
    affiliate = approve_application(application=application)
    assert affiliate is not None
    assert re.fullmatch(r"[2-9A-HJKMNP-Z]{8}", affiliate.code)


@pytest.mark.parametrize("reason", [{}, {"reason": " "}])
def test_declining_requires_reason(staff: Client, application: Application, reason: dict[str, str]) -> None:
    page = decide(staff, application, "decline", **reason)
    assert "The applicant sees this in our email" in page
    assert ("Please enter a reason" in page) == bool(reason)
    application.refresh_from_db()
    assert application.is_undecided


def test_several_applications_are_approved_at_once(staff: Client, client: Client, application: Application) -> None:
    client.post(APPLY, {**ERIN, "email": "frank@example.org", "name": "Frank"})
    keys = [str(pk) for pk in Application.objects.values_list("pk", flat=True)]
    page = staff.post(LIST, {"action": "approve", "_selected_action": keys}, follow=True).content.decode()
    assert "2 approved" in page
    assert Affiliate.objects.count() == 2


def test_buttons_on_application_page_decide(staff: Client, application: Application) -> None:
    address = f"{LIST}{application.pk}/change/"
    assert "Approve" in staff.get(address).content.decode()
    staff.post(f"{LIST}{application.pk}/decide/decline/")
    staff.post(f"{LIST}{application.pk}/decide/decline/", {"reason": "Not now."})
    application.refresh_from_db()
    assert (application.state, application.decision) == ("declined", "Not now.")


def test_approving_unconfirmed_application_warns_staff_and_applicant(
    staff: Client, application: Application, work: Work
) -> None:
    assert "the address is not confirmed yet" in decide(staff, application, "approve")
    work()
    assert "By setting the password, you confirm that you applied" in str(mail.outbox[-1].body)
    application.refresh_from_db()
    assert application.confirmed_at is None


def test_application_page_lists_others_from_same_address(
    staff: Client, client: Client, application: Application
) -> None:
    decline_application(application=application, reason="Too early.")
    client.post(APPLY, {**ERIN, "email": "ERIN@example.org", "name": "Erin again"})
    second = Application.objects.undecided().get()
    page = staff.get(f"{LIST}{second.pk}/change/").content.decode()
    assert "From the same address" in page
    assert "Too early." in page
    assert approve_application(application=second)  # who was declined may come back


def test_existing_affiliate_who_applies_learns_it_only_by_email(
    client: Client, staff: Client, alice: Affiliate, work: Work
) -> None:
    response = client.post(APPLY, {**ERIN, "email": "alice@example.com"})
    assert (response.status_code, response.headers["Location"]) == (302, "/affiliates/applied/")
    work()
    assert mail.outbox[-1].subject == "You are already our affiliate"
    assert "/affiliates/apply/confirm/" not in str(mail.outbox[-1].body)
    application = Application.objects.get()
    assert "already belongs to Alice (DEMO)" in decide(staff, application, "approve")
    with pytest.raises(ActionRefused, match="belongs to Alice"):
        approve_application(application=application)
    assert Affiliate.objects.count() == 1


def test_audit_log_records_decisions_by_ids_only(staff: Client, application: Application, bob: User) -> None:
    decide(staff, application, "approve")
    entry = AuditEntry.objects.get(action="affiliates.application.approved")
    assert (entry.object_id, entry.actor) == (str(application.pk), bob.pk)
    assert AuditEntry.objects.filter(action="affiliates.terms.accepted").count() == 1


def test_approval_ends_on_the_affiliates_page_with_link_and_code(staff: Client, application: Application) -> None:
    page = staff.post(f"{LIST}{application.pk}/decide/approve/", follow=True)
    affiliate = Affiliate.objects.get()
    assert page.redirect_chain[-1][0] == f"/admin/affiliates/affiliate/{affiliate.pk}/change/"
    soup = BeautifulSoup(page.content, "html.parser")
    [said, warned] = soup.select(".messagelist li")
    assert (
        said["class"] == ["success"] and f"Erin Ellis is an affiliate now, with the code {affiliate.code}" in said.text
    )
    assert warned["class"] == ["warning"]  # nobody has confirmed the address yet
    assert f"/go/{affiliate.code}/" in soup.select_one("#content").get_text()  # type: ignore[union-attr]
    own = staff.get(f"{LIST}{application.pk}/change/").content.decode()
    assert "Approved on" in own
    assert "already belongs to" not in own


def test_application_list_names_applicants_and_links_websites_safely(staff: Client, application: Application) -> None:
    soup = BeautifulSoup(staff.get(LIST).content, "html.parser")
    row = soup.select_one("#result_list tbody tr")
    assert row is not None
    assert "Erin Ellis" in row.get_text()
    link = row.select_one('a[href="https://erin.example"]')
    assert link is not None and set(link["rel"]) >= {"noopener", "noreferrer"}
    assert AuditEntry.objects.filter(action="privacy.staff.listed").count() == 1


@pytest.mark.parametrize("website", ["javascript:alert(1)", "data:text/html,x", 'https://x"onload=alert(1)'])
def test_website_of_another_scheme_is_no_link(staff: Client, application: Application, website: str) -> None:
    application.website = website
    application.save()
    page = BeautifulSoup(staff.get(f"{LIST}{application.pk}/change/").content, "html.parser")
    links = [str(a["href"]) for a in page.select("#content .field-site a")]
    assert not [link for link in links if not link.startswith("https://")]
    assert not page.select("[onload]")
