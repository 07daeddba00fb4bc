"""Files below DATA_DIR and the logs that LOG_FILES names."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from contacts.models import Attachment, Service
from privacy.evidence.sweep import files
from shop.models import Order, Product
from tests import factories

from .conftest import broken_by, places, swept

pytestmark = pytest.mark.django_db

ADDRESS = "carol.customer@example.org"
FILES = "django.core.mail.backends.filebased.EmailBackend"


@pytest.fixture(autouse=True)
def order(product: Product) -> Order:
    return factories.order(product, email=ADDRESS, name="Carol Customer")


def test_a_sealed_value_in_a_file_is_found(data_dir: Path) -> None:
    (data_dir / "tmp").mkdir()
    (data_dir / "tmp" / "upload.bin").write_bytes(b"\0" * 3_000_000 + ADDRESS.encode("utf-16-le"))
    report = swept()
    assert places(report) == ["shop_order.email can be read in a file in DATA_DIR/tmp (.bin) (in UTF-16)"]
    assert broken_by(report) == {"encrypted"}


in_a_file = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps its schema outside DATA_DIR")


@pytest.mark.parametrize("text", [pytest.param("DEFERRABLE INITIALLY DEFERRED", marks=in_a_file), "Starting gunicorn"])
def test_words_of_the_program_that_somebody_typed_are_no_finding(data_dir: Path, text: str) -> None:
    """Seen in an attack: a buyer wrote words of the database's schema into a form, and a promise counted as broken."""
    factories.inquiry(message=text)
    (data_dir / "copy.sqlite3").write_bytes(b"\0" + text.encode())
    (data_dir / "later.bin").write_bytes(b"\0" + ADDRESS.encode())
    assert places(swept()) == ["shop_order.email can be read in a file in DATA_DIR (.bin) (plain)"]


def test_what_the_site_shows_to_everybody_and_somebody_sends_back_is_no_finding(
    data_dir: Path, product: Product
) -> None:
    """Seen in an attack: a picture of this site that somebody mailed to us broke a promise."""
    file = bytes(range(256)) * 2
    released = factories.release(product, content=file)
    sentence = "Guards WordPress sites against intruders, day and night."
    Service.objects.create(slug="care", name="Care", summary="Sites.", text=sentence)
    inquiry = factories.inquiry(message=sentence)
    Attachment.objects.create(
        inquiry=inquiry, name="a.bin", content=file, content_type="application/octet-stream", size=len(file)
    )
    (data_dir / "public.bin").write_bytes(b"\0" + file + sentence.encode())
    (data_dir / "later.bin").write_bytes(b"\0" + ADDRESS.encode())
    assert released.content.size == len(file)
    assert places(swept()) == ["shop_order.email can be read in a file in DATA_DIR (.bin) (plain)"]


def test_one_that_lies_across_two_parts_of_a_file_is_found(data_dir: Path) -> None:
    (data_dir / "old.sqlite3").write_bytes(b"\0" * (files.BLOCK - 7) + ADDRESS.encode() + b"\0" * 100)
    assert places(swept()) == ["shop_order.email can be read in a file in DATA_DIR (.sqlite3) (plain)"]


def test_a_files_name_is_searched_and_not_repeated(data_dir: Path) -> None:
    (data_dir / "for Carol Customer.pdf").write_bytes(b"%PDF")
    report = swept()
    assert places(report) == ["shop_order.name is in the name of a file in DATA_DIR (.pdf) (plain)"]


def test_a_text_that_names_somebody_is_found(data_dir: Path) -> None:
    (data_dir / "notes.txt").write_text("quinn@example.net called")
    report = swept()
    assert places(report) == ["a file in DATA_DIR (.txt) contains what looks like an email address"]
    assert broken_by(report) == {"encrypted"}


def test_the_mailboxes_of_the_demo_and_public_files_are_left_out(data_dir: Path, settings: Settings) -> None:
    settings.MAILERS = {"default": {"BACKEND": FILES, "OPTIONS": {"file_path": str(data_dir / "mail")}}}
    settings.STATIC_ROOT = data_dir / "static"
    settings.PAYPAL_TRUST_ROOTS = data_dir / "paypal-standin" / "ca.pem"
    for folder in ("mail", "static", "paypal-standin"):
        (data_dir / folder).mkdir()
        (data_dir / folder / "file.txt").write_text(ADDRESS)
    report = swept()
    assert places(report) == []
    assert "mail: the demo's mailboxes" in report.unreached


@pytest.mark.parametrize("packed", [False, True])
def test_a_log_with_a_visitors_address_breaks_the_promise_about_visitors(
    tmp_path: Path, settings: Settings, packed: bool
) -> None:
    line = b'203.0.113.77 - - [02/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1234'
    (tmp_path / "access.log").write_bytes(gzip.compress(line) if packed else line)
    (tmp_path / "access.log").rename(tmp_path / ("access.log.gz" if packed else "access.log"))
    settings.LOG_FILES = [f"{tmp_path}/*.log*"]
    report = swept()
    assert places(report) == [f"the log {tmp_path}/*.log* contains what looks like an IP address"]
    assert broken_by(report) == {"direct-visits-domain-only"}


def test_a_sealed_value_in_a_log_is_found(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "site.log").write_text("2026-03-02T12:00:00.000Z WARNING shop: Carol Customer did not pay")
    settings.LOG_FILES = [str(tmp_path / "site.log")]
    report = swept()
    assert places(report) == [f"shop_order.name can be read in the log {tmp_path}/site.log (plain)"]
    assert broken_by(report) == {"encrypted"}


def test_a_log_as_the_site_writes_it_is_no_finding(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "site.log").write_text(
        "2026-03-02T12:00:00.000Z WARNING django.security.csrf: Forbidden (CSRF cookie not set.): privacy:confirm"
        " [user 018f3c1e-4111-7111-8111-411111111111]\n"
        "2026-03-02T12:00:00.000Z INFO gunicorn.error: Listening at: http://0.0.0.0:8000 (4111)\n"
    )
    settings.LOG_FILES = [str(tmp_path / "site.log")]
    assert places(swept()) == []


def test_a_log_that_is_not_there_was_not_tried(tmp_path: Path, settings: Settings) -> None:
    settings.LOG_FILES = [f"{tmp_path}/*.log"]
    report = swept()
    assert places(report) == [f"the log {tmp_path}/*.log doesn't exist"] * 3
    assert not any(breach.tried for breach in report.breaches)


def test_of_a_large_file_random_parts_are_read(
    data_dir: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WHOLE", 4 * files.BLOCK)
    (data_dir / "large.sqlite3").write_bytes(b"\0" * 20 * files.BLOCK + ADDRESS.encode())  # its end is always read
    assert places(swept()) == ["shop_order.email can be read in a file in DATA_DIR (.sqlite3) (plain)"]
