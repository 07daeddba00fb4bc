"""The disclosure register: no data leaves for anyone but its person without an order, approved by a second person."""

from __future__ import annotations

import ast
import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from contacts.models import Document
from privacy.audit.models import AuditEntry
from privacy.disclosure.models import Disclosure
from privacy.erasure.erase import erase_person
from privacy.erasure.retention import purge_expired
from privacy.evidence.measurement import Evidence, findings
from shop.models import Product
from tests import factories
from tests.cast import signed_in
from tests.own_apps import OWN_APPS
from tests.privacy.audit.guards import guards_lifted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "attacked")]

LIST = "/admin/disclosure/disclosure/"
CAROL = "carol@example.org"
DOCUMENT = b"%PDF-1.7 an order of the court"


@pytest.fixture
def carols_data(product: Product) -> None:
    """Carol bought and asked; Dave did too."""
    factories.order(product, email=CAROL)
    factories.inquiry(email=CAROL)
    factories.order(product, email="dave@example.org", name="Dave Other")


@pytest.fixture
def grace(grace: User) -> Client:
    """The browser of a second member of staff."""
    return signed_in(grace)


def text(response: Any) -> str:
    return " ".join(BeautifulSoup(response.content, "html.parser").get_text(" ").split())


def typed(**fields: Any) -> dict[str, Any]:
    values = {"kind": "court_order", "authority": "Superior Court", "order_reference": "No. 4711", "email": CAROL}
    document = SimpleUploadedFile("order.pdf", DOCUMENT)
    return {**values, "received_on": "2026-03-01", "scope": ["shop_order"], "document": document, **fields}


def recorded(staff: Client, **fields: Any) -> Disclosure:
    response = staff.post(f"{LIST}add/", typed(**fields))
    assert response.status_code == 302, text(response)
    return Disclosure.objects.latest("recorded_at", "pk")


def do(staff: Client, order: Disclosure, step: str, **fields: str) -> Any:
    return staff.post(f"{LIST}{order.pk}/{step}/", fields, follow=True)


def exported(staff: Client, second: Client, **fields: Any) -> Disclosure:
    order = recorded(staff, **fields)
    do(second, order, "approve")
    assert do(staff, order, "export").headers["Content-Type"] == "application/zip"
    order.refresh_from_db()
    return order


def actions() -> set[str]:
    return set(AuditEntry.objects.filter(action__startswith="disclosure.").values_list("action", flat=True))


def measured() -> Evidence:
    found = next(f for f in findings(now=timezone.now()) if f.promise.id == "legal-process-only").evidence
    assert found is not None
    return found


# --- The way of an order ----------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("carols_data")
def test_an_approved_order_is_exported_within_its_scope(staff: Client, grace: Client) -> None:
    order = recorded(staff)
    assert order.document_digest == sha256(DOCUMENT).hexdigest()
    assert "Approved." in text(do(grace, order, "approve"))
    answer = do(staff, order, "export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        data = json.loads(archive.read("data.json"))
        page = archive.read("index.html").decode()
    assert [section["what"] for section in data["sections"]] == ["Your orders"]
    assert [row["name"] for row in data["sections"][0]["rows"]] == ["Carol Customer"]
    assert "Superior Court" in page
    assert "Carol Customer" in page
    assert "Dave" not in page
    order.refresh_from_db()
    assert (order.state, order.export_digest) == ("exported", sha256(answer.content).hexdigest())
    assert actions() == {"disclosure.order.recorded", "disclosure.order.approved", "disclosure.order.exported"}


@pytest.mark.usefixtures("carols_data")
@pytest.mark.parametrize(("scope", "files"), [("contacts_document", 1), ("shop_order", 0)])
def test_files_go_along_within_the_scope(staff: Client, grace: Client, scope: str, files: int) -> None:
    inquiry = factories.inquiry(CAROL)
    Document.objects.create(inquiry=inquiry, name="quote.pdf", content=b"4711", content_type="application/pdf", size=4)
    order = recorded(staff, scope=[scope])
    do(grace, order, "approve")
    with zipfile.ZipFile(io.BytesIO(do(staff, order, "export").content)) as archive:
        found = [archive.read(name) for name in archive.namelist() if name.startswith("files/")]
    assert found == [b"4711"] * files


@pytest.mark.usefixtures("carols_data")
def test_order_can_not_be_approved_by_its_recorder(staff: Client, grace: Client) -> None:
    order = recorded(staff)
    change = f"/admin/disclosure/disclosure/{order.pk}/change/"
    assert "Approve this order" not in text(staff.get(change))
    assert "Approve this order" in text(grace.get(change))
    assert "Someone else has to approve an order that you recorded." in text(do(staff, order, "approve"))
    order.refresh_from_db()
    assert order.state == "recorded"


@pytest.mark.usefixtures("carols_data")
def test_approval_by_the_only_eligible_user_is_recorded(staff: Client) -> None:
    order = recorded(staff)
    do(staff, order, "approve")
    order.refresh_from_db()
    assert (order.state, order.approved_alone) == ("approved", True)


@pytest.mark.usefixtures("carols_data")
def test_nothing_is_exported_before_the_approval(staff: Client) -> None:
    order = recorded(staff)
    assert "This order is pending approval." in text(do(staff, order, "export"))
    assert "disclosure.order.exported" not in actions()


@pytest.mark.usefixtures("carols_data")
def test_an_order_is_exported_once(staff: Client, grace: Client) -> None:
    order = exported(staff, grace)
    assert "order is disclosed" in text(do(staff, order, "export"))
    assert AuditEntry.objects.filter(action="disclosure.order.exported").count() == 1


@pytest.mark.usefixtures("carols_data")
def test_a_refused_order_discloses_nothing(staff: Client, grace: Client) -> None:
    order = recorded(staff)
    assert "Nothing is disclosed" in text(grace.get(f"{LIST}{order.pk}/refuse/"))
    assert "This field is required." in text(do(grace, order, "refuse", reason=""))
    assert "Nothing was disclosed." in text(do(grace, order, "refuse", reason="Not signed by a judge."))
    assert "order is refused" in text(do(grace, order, "approve"))
    assert "Not signed by a judge." in text(staff.get(f"{LIST}{order.pk}/change/"))


def test_a_deleted_person_leaves_nothing_to_disclose(staff: Client, grace: Client, product: Product) -> None:
    factories.order(product, email=CAROL)
    order = recorded(staff)
    do(grace, order, "approve")
    erase_person(email=CAROL, actor=None)
    assert "The person's data was deleted; there is nothing to disclose." in text(do(staff, order, "export"))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("received_on", "2026-03-03", "This date is in the future."),
        ("received_on", "soon", "Enter a valid date."),
        ("scope", [], "This field is required."),
        ("scope", ["auth_group"], "Select a valid choice."),
        ("email", "carol", "Enter a valid email address."),
        ("authority", "", "This field is required."),
        ("document", "", "This field is required."),
        ("document", SimpleUploadedFile("order.pdf", b""), "The submitted file is empty."),
    ],
)
def test_an_incomplete_order_is_explained(staff: Client, field: str, value: Any, message: str) -> None:
    page = text(staff.post(f"{LIST}add/", typed(**{field: value})))
    assert message in page
    assert not Disclosure.objects.exists()


def test_only_staff_who_may(staff: Client) -> None:
    order = recorded(staff)
    plain = signed_in(factories.user("dave@example.org", is_staff=True))
    for address in (LIST, f"{LIST}add/", f"{LIST}{order.pk}/change/", f"{LIST}{order.pk}/refuse/"):
        assert plain.get(address).status_code == 403, address
    assert plain.post(f"{LIST}{order.pk}/export/").status_code == 403
    assert staff.get(f"{LIST}{order.pk}/export/").status_code == 405


def test_the_person_is_sealed_and_found_by_the_whole_address(staff: Client) -> None:
    order = recorded(staff)
    with connection.cursor() as cursor:
        cursor.execute("SELECT email, authority, order_reference FROM disclosure_disclosure")
        row = b"".join(bytes(value) for value in cursor.fetchone())
    assert b"carol" not in row.lower()
    assert b"Superior" not in row
    assert order.reference in text(staff.get(LIST, {"q": CAROL}))
    assert order.reference not in text(staff.get(LIST, {"q": "dave@example.org"}))


# --- What the database keeps ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "change",
    [
        {"state": "recorded"},
        {"scope": ["shop_order", "contacts_inquiry"]},
        {"document_digest": "0" * 64},
        {"received_on": "2026-01-01"},
    ],
)
@pytest.mark.usefixtures("carols_data")
def test_an_order_stays_as_it_was_recorded(staff: Client, grace: Client, change: dict[str, Any]) -> None:
    order = exported(staff, grace)
    with pytest.raises(IntegrityError), transaction.atomic():
        Disclosure.objects.filter(pk=order.pk).update(**change)


@pytest.mark.parametrize("change", [{"state": "approved"}, {"state": "exported"}, {"state": "refused"}])
def test_no_row_skips_a_step(staff: Client, change: dict[str, Any]) -> None:
    order = recorded(staff)
    with pytest.raises(IntegrityError), transaction.atomic():
        Disclosure.objects.filter(pk=order.pk).update(**change)


def test_an_order_is_never_deleted(staff: Client) -> None:
    order = recorded(staff)
    assert staff.get(f"{LIST}{order.pk}/delete/").status_code == 403
    with pytest.raises(IntegrityError), transaction.atomic():
        Disclosure.objects.all().delete()


@pytest.mark.usefixtures("carols_data")
def test_after_seven_years_the_person_goes_and_the_count_stays(staff: Client, grace: Client, clock: Any) -> None:
    order = exported(staff, grace)
    clock.shift(7 * 366 * 86400)
    purge_expired(now=timezone.now())
    order.refresh_from_db()
    assert (order.email, order.authority, order.state) == (None, None, "exported")
    assert Disclosure.objects.by_year() == {2026: 1}


# --- Nobody else exports ----------------------------------------------------------------------------------------------
def test_only_the_archive_and_the_register_collect_what_is_kept() -> None:
    """A page, command or helper that exported somebody's data past both would have to call `collect`."""
    root, callers = Path(settings.BASE_DIR), set()
    for app in OWN_APPS:
        for path in (root / app).rglob("*.py"):
            names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
            callers |= {path.relative_to(root).as_posix()} if "collect" in names else set()
    assert callers == {
        "privacy/requests/archive.py",
        "privacy/disclosure/orders.py",
        "privacy/management/commands/export_person.py",
    }


# --- In public --------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("carols_data")
def test_the_number_of_each_year_is_public(staff: Client, grace: Client) -> None:
    assert measured().figures["disclosures in 2026"] == 0
    exported(staff, grace)
    recorded(staff)
    assert measured().kept
    assert measured().figures["disclosures in 2026"] == 1
    assert measured().figures["disclosures in 2025"] == 0
    page = Client().get("/privacy/evidence/").content.decode()
    assert "Disclosures in 2026" in page
    assert CAROL not in page


@pytest.mark.usefixtures("carols_data")
def test_an_export_that_leaves_the_register_breaks_the_promise(staff: Client, grace: Client) -> None:
    order = exported(staff, grace)
    assert measured().kept
    with guards_lifted(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM disclosure_disclosure")
    assert not measured().kept
    assert not Disclosure.objects.filter(pk=order.pk).exists()
