"""Files that visitors send with the contact form: checked by content, sealed, opened by staff only."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from contacts.documents.attachments import A_DAY_PER_NETWORK, MAX_FILES
from contacts.documents.file_validation import MAX_BYTES
from contacts.models import Attachment, Inquiry
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.requests.archive import build_archive
from tests import factories
from tests.contacts.conftest import DAVE, Post, page_of
from tests.contacts.documents.test_documents import EXE, JPEG, PDF, PNG

pytestmark = pytest.mark.django_db

Work = Callable[[], int]
GIF = b"GIF89a" + bytes(30)
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(40)
LOG = b"12:00 the login page is blank\n12:01 error 4711\n"


def file(name: str = "Screen of Dave.png", content: bytes = PNG) -> Any:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def attachment(post: Post) -> Attachment:
    """Dave's screenshot."""
    assert post(attachments=file()).status_code == 302
    found: Attachment = Attachment.objects.get()
    return found


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("a.png", PNG, "image/png"),
        ("a.JPG", JPEG, "image/jpeg"),
        ("a.gif", GIF, "image/gif"),
        ("a.webp", WEBP, "image/webp"),
        ("a.pdf", PDF, "application/pdf"),
        ("error.log", LOG, "text/plain; charset=utf-8"),
        ("page.txt", b"<script>alert(1)</script>", "text/plain; charset=utf-8"),
    ],
)
def test_picture_pdf_or_text_is_stored_with_the_message(
    post: Post, name: str, content: bytes, content_type: str
) -> None:
    assert post(attachments=file(name, content)).status_code == 302
    attachment = Attachment.objects.get()
    assert (attachment.content, attachment.content_type) == (content, content_type)
    assert attachment.inquiry == Inquiry.objects.get()


def test_utf_16_text_is_stored_as_utf_8(post: Post) -> None:
    post(attachments=file("a.txt", "Grüße".encode("utf-16")))
    assert Attachment.objects.get().content.decode() == "Grüße"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.exe", EXE, "Only PDF, PNG, JPEG, GIF, WebP, TXT and LOG files"),
        ("a.svg", b"<svg/>", "Only PDF, PNG, JPEG, GIF, WebP, TXT and LOG files"),
        ("a.zip", b"PK\x03\x04" + bytes(50), "Only PDF, PNG, JPEG, GIF, WebP, TXT and LOG files"),
        ("a.png", PDF, "it is not a .png file"),
        ("a.png", b"<html>", "it is not a .png file"),
        ("a.txt", EXE, "it contains control characters"),
        ("a.txt", b"\xff\xfe\xfa", "it is not text in UTF-8"),
        ("a.txt", b"card 4111 1111 1111 1111", "payment card number"),
        ("4111111111111111-front.png", PNG, "Its name looks like a payment card number"),
        ("4111111111111111.png", PNG, "Its name looks like a payment card number"),
        ("visa_4111_1111_1111_1111.png", PNG, "Its name looks like a payment card number"),
        ("a.pdf", b"", "empty"),
        ("a.pdf", PDF + bytes(MAX_BYTES), "too large: at most 5 MB"),
    ],
)
def test_other_file_is_refused_by_name_and_nothing_is_stored(
    post: Post, name: str, content: bytes, message: str
) -> None:
    page = unescape(post(attachments=file(name, content)).content.decode())
    assert message in page
    assert f"“{name}”" in page
    assert DAVE["message"] in page
    assert "Please choose them again." in page
    assert not Inquiry.objects.exists()


@pytest.mark.parametrize(
    "name",
    ["Screenshot from 2026-11-29 12-34-06.png", "2026-11-29 12-34-06-copy.png", "IMG_20261129_123406.png"],
)
def test_name_with_a_date_is_no_card_number(post: Post, name: str) -> None:
    assert post(attachments=file(name)).status_code == 302
    assert Attachment.objects.get().name == name


def test_more_files_than_allowed_are_refused(post: Post) -> None:
    page = post(attachments=[file() for _ in range(MAX_FILES + 1)]).content.decode()
    assert "You chose 4 files. Attach at most 3." in page
    assert not Inquiry.objects.exists()
    assert post(attachments=[file() for _ in range(MAX_FILES)]).status_code == 302
    assert Attachment.objects.count() == MAX_FILES


def test_files_beyond_the_limit_of_a_network_are_refused_but_messages_are_not(post: Post) -> None:
    for _ in range(A_DAY_PER_NETWORK):
        assert post(attachments=file()).status_code == 302
    page = unescape(post(attachments=file()).content.decode())
    assert "We can't take more files today." in page
    assert DAVE["message"] in page
    assert post().status_code == 302
    assert post(network="198.51.100.7", attachments=file()).status_code == 302
    assert Attachment.objects.count() == A_DAY_PER_NETWORK + 1


def test_attached_file_is_not_mailed(attachment: Attachment, work: Work) -> None:
    work()
    assert len(mail.outbox) == 2
    assert not any(message.attachments or "Screen" in str(message.message()) for message in mail.outbox)


def test_attachment_is_stored_sealed(attachment: Attachment) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, content FROM contacts_attachment")
        name, content = (bytes(value) for value in cursor.fetchone())
    assert (attachment.name, attachment.content) == ("Screen of Dave.png", PNG)
    assert b"Dave" not in name
    assert b"PNG" not in content


def test_staff_see_attachments_on_the_message_and_open_them_audited(staff: Client, attachment: Attachment) -> None:
    page = staff.get(page_of(Inquiry.objects.get())).content.decode()
    address = f"/admin/contacts/inquiry/attachment/{attachment.pk}/"
    assert "Screen of Dave.png" in page
    assert f'href="{address}"' in page
    response = staff.get(address)
    assert response.content == PNG
    assert response.headers["Content-Disposition"] == 'attachment; filename="Screen of Dave.png"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]
    entries = AuditEntry.objects.filter(action="contacts.attachment.fetched", actor=staff.session["_auth_user_id"])
    assert entries.count() == 1


def test_attachment_is_forbidden_without_the_permission(client: Client, attachment: Attachment) -> None:
    shop = factories.user("sam@example.com", is_staff=True)
    shop.groups.add(Group.objects.get(name="Shop"))
    client.force_login(shop)
    assert client.get("/admin/shop/order/").status_code == 200
    response = client.get(f"/admin/contacts/inquiry/attachment/{attachment.pk}/")
    assert response.status_code == 403
    assert PNG not in response.content


def test_attachment_is_in_the_access_archive(attachment: Attachment, clock: time_machine.Traveller) -> None:
    archive = zipfile.ZipFile(io.BytesIO(build_archive(email="dave@example.org", now=attachment.added_at)))
    [path] = [name for name in archive.namelist() if name.startswith("files/")]
    assert archive.read(path) == PNG
    data = json.loads(archive.read("data.json"))
    [section] = [section for section in data["sections"] if section["what"] == "Files you sent with a message"]
    assert section["rows"][0]["file name"] == "Screen of Dave.png"


def test_attachment_is_deleted_by_an_erasure(attachment: Attachment) -> None:
    assert Attachment._base_manager.exists()
    erase_person(email="dave@example.org")
    assert not Attachment._base_manager.exists()


def test_inquiry_page_does_not_load_attachments(
    staff: Client, attachment: Attachment, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(52) as queries:
        staff.get(page_of(Inquiry.objects.get()))
    read = [query["sql"] for query in queries.captured_queries if "contacts_attachment" in query["sql"]]
    assert read
    assert not any('"contacts_attachment"."content",' in sql for sql in read)
