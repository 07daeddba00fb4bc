"""Documents: validated, sealed in the database, downloadable by staff and by holders of the link."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from pytest_django import Settings

from contacts.documents.file_validation import MAX_BYTES, clean_name
from contacts.models import Document, Inquiry
from privacy.audit.models import AuditEntry
from privacy.consent.opt_outs import suppress
from privacy.erasure.erase import erase_person
from privacy.models import OutgoingMail
from privacy.requests.archive import build_archive
from tests import factories
from tests.contacts.conftest import page_of, press

pytestmark = pytest.mark.django_db

Work = Callable[[], int]
PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n quote of 4711 dollars"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(30) + b"\xff\xd9"
EXE = b"MZ" + bytes(200)


def add(staff: Client, inquiry: Inquiry, name: str = "Quote for Dave.pdf", content: bytes = PDF) -> str:
    return press(staff, inquiry, "document", file=SimpleUploadedFile(name, content))


@pytest.fixture
def document(staff: Client, inquiry: Inquiry) -> Document:
    add(staff, inquiry)
    found: Document = Document.objects.get()
    return found


def send(staff: Client, document: Document) -> str:
    return staff.post(f"/admin/contacts/inquiry/document/{document.pk}/send/", follow=True).content.decode()


def link(work: Work) -> str:
    work()
    found = re.search(r"/contact/documents/[\w-]+/", str(mail.outbox[-1].body))
    assert found
    return found.group()


@pytest.mark.parametrize(("name", "content"), [("a.pdf", PDF), ("a.PNG", PNG), ("a.jpg", JPEG), ("a.jpeg", JPEG)])
def test_file_matching_its_name_is_stored(staff: Client, inquiry: Inquiry, name: str, content: bytes) -> None:
    assert "The document is stored." in add(staff, inquiry, name, content)
    assert Document.objects.get().content == content


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("quote.pdf", EXE, "content doesn&#x27;t match its name"),
        ("quote.pdf", PNG, "content doesn&#x27;t match its name"),
        ("quote.png", PDF, "content doesn&#x27;t match its name"),
        ("quote.pdf", b"<html><script>alert(1)</script>", "content doesn&#x27;t match its name"),
        ("quote.pdf", b"just text", "content doesn&#x27;t match its name"),
        ("quote.exe", EXE, "Only PDF, PNG and JPEG files"),
        ("quote.pdf.exe", PDF, "Only PDF, PNG and JPEG files"),
        ("quote.svg", b"<svg/>", "Only PDF, PNG and JPEG files"),
        ("quote", PDF, "Only PDF, PNG and JPEG files"),
        ("4111111111111111-front.pdf", PDF, "looks like a payment card number"),
        ("quote.pdf", b"", "empty"),
        ("quote.pdf", PDF + bytes(MAX_BYTES), "too large: at most 5 MB"),
    ],
)
def test_file_not_matching_its_name_is_refused(
    staff: Client, inquiry: Inquiry, name: str, content: bytes, message: str
) -> None:
    assert message in add(staff, inquiry, name, content)
    assert not Document.objects.exists()


def test_oversized_file_is_refused_with_a_message(staff: Client, inquiry: Inquiry) -> None:
    page = add(staff, inquiry, content=PDF + bytes(settings.FILE_UPLOAD_MAX_MEMORY_SIZE))
    assert "Choose a file of at most 5 MB." in page
    assert not Document.objects.exists()


def test_no_file_touches_the_disk_before_it_is_sealed(staff: Client, inquiry: Inquiry, settings: Settings) -> None:
    """Django would write one of this size to a temporary file."""
    settings.FILE_UPLOAD_TEMP_DIR = "/nowhere"
    assert "The document is stored." in add(staff, inquiry, content=PDF + bytes(4_000_000))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("../../etc/quote.pdf", "quote.pdf"),
        ("C:\\Users\\Bob\\quote.pdf", "quote.pdf"),
        ("quote\r\nX-Evil: 1.pdf", "quoteX-Evil_ 1.pdf"),
        ('a"b;c <1|2>?*.svg', "a_b;c _1_2___.svg"),
        ("quote\u202efdp.exe", "quotefdp.exe"),
        ("x" * 500 + ".pdf", "x" * 120 + ".pdf"),
        ("...", "file"),
    ],
)
def test_file_name_is_sanitized(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


def test_name_and_content_are_stored_sealed(document: Document) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, content FROM contacts_document")
        name, content = (bytes(value) for value in cursor.fetchone())
    assert (document.name, document.content) == ("Quote for Dave.pdf", PDF)
    assert b"Dave" not in name
    assert b"4711" not in content
    assert b"PDF" not in content


def test_staff_download_of_a_document_is_audited(staff: Client, document: Document) -> None:
    response = staff.get(f"/admin/contacts/inquiry/document/{document.pk}/")
    assert response.content == PDF
    assert response.headers["Content-Disposition"] == 'attachment; filename="Quote for Dave.pdf"'
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]
    assert AuditEntry.objects.filter(action="contacts.document.fetched", actor=staff.session["_auth_user_id"]).exists()


@pytest.mark.parametrize("is_staff", [True, False])
def test_document_is_forbidden_without_the_permission(client: Client, document: Document, is_staff: bool) -> None:
    client.force_login(factories.user("vera@example.com", is_staff=is_staff))
    response = client.get(f"/admin/contacts/inquiry/document/{document.pk}/", follow=True)
    assert b"4711" not in response.content
    assert response.status_code == 403


def test_document_link_is_mailed_and_works_for_thirty_days(
    staff: Client, client: Client, document: Document, work: Work, clock: time_machine.Traveller
) -> None:
    assert "The link has been sent." in send(staff, document)
    address = link(work)
    assert mail.outbox[-1].to == ["dave@example.org"]
    assert "Quote for Dave.pdf" in str(mail.outbox[-1].body)
    clock.shift(timedelta(days=30) - timedelta(seconds=1))
    response = client.get(address)
    assert response.content == PDF
    assert "attachment" in response.headers["Content-Disposition"]
    assert AuditEntry.objects.filter(action="contacts.document.fetched", actor=None).count() == 1
    clock.shift(timedelta(seconds=1))
    assert client.get(address).status_code == 404


def test_head_request_on_a_document_link_is_no_download(
    staff: Client, client: Client, document: Document, work: Work
) -> None:
    send(staff, document)
    address = link(work)
    response = client.head(address)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Length"] == str(len(PDF))
    assert "attachment" in response.headers["Content-Disposition"]
    document.refresh_from_db()
    assert document.fetched_at is None
    assert not AuditEntry.objects.filter(action="contacts.document.fetched").exists()
    client.get(address)
    document.refresh_from_db()
    assert document.fetched_at is not None


def test_new_document_link_revokes_the_older(staff: Client, client: Client, document: Document, work: Work) -> None:
    send(staff, document)
    older = link(work)
    send(staff, document)
    newer = link(work)
    assert client.get(older).status_code == 404
    assert client.get(newer).content == PDF


def test_document_link_is_not_stored(staff: Client, document: Document, work: Work) -> None:
    send(staff, document)
    token = link(work).split("/")[3]
    document.refresh_from_db()
    assert token not in str(vars(document))
    sent = OutgoingMail.objects.get(kind="contacts/document_sent")
    assert sent.state == "sent"
    assert token not in sent.text + sent.html


def test_document_link_is_not_sent_after_an_opt_out(staff: Client, document: Document) -> None:
    suppress("dave@example.org")
    assert "Not sent: this person opted out of email." in send(staff, document)
    assert not OutgoingMail.objects.exists()
    document.refresh_from_db()
    assert document.link_digest is None


def test_document_is_part_of_the_access_archive(document: Document, clock: time_machine.Traveller) -> None:
    archive = zipfile.ZipFile(io.BytesIO(build_archive(email="dave@example.org", now=document.added_at)))
    [path] = [name for name in archive.namelist() if name.startswith("files/")]
    assert archive.read(path) == PDF
    data = json.loads(archive.read("data.json"))
    [section] = [section for section in data["sections"] if section["what"] == "Documents prepared for you"]
    assert section["rows"][0]["file"] == path
    assert section["rows"][0]["file name"] == "Quote for Dave.pdf"


def test_document_is_deleted_by_an_erasure(document: Document) -> None:
    assert Document.objects.exists()
    erase_person(email="dave@example.org")
    assert not Document._base_manager.exists()


def test_inquiry_page_does_not_load_file_contents(
    staff: Client, document: Document, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(52) as queries:
        page = staff.get(page_of(document.inquiry)).content.decode()
    assert "Quote for Dave.pdf" in page
    assert any("contacts_document" in query["sql"] for query in queries.captured_queries)
    assert not any('"contacts_document"."content",' in query["sql"] for query in queries.captured_queries)
