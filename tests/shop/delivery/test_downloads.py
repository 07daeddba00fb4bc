"""Downloads: for paid orders, through links that end, as often as allowed, from a place that no address leads to."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import time_machine
from django.conf import settings as live_settings
from django.core import signing
from django.core.files.base import ContentFile
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from privacy.audit.models import AuditEntry
from privacy.encryption.tokens import hash_token
from shop.delivery.downloads import DownloadRefused, download_link, open_download
from shop.models import Order, Product
from shop.models.delivery import ProductFile
from tests import factories
from tests.staff_pages import Page

CONTENT = b"PK\x03\x04 the guard itself"


@pytest.fixture
def release(product: Product) -> ProductFile:
    return factories.release(product, CONTENT)


@pytest.fixture
def paid(product: Product) -> Order:
    return factories.order(product, state=Order.State.PAID, paid_at=timezone.now())


def prepare(client: Client, order: Order, release: ProductFile) -> str:
    """Presses the button; returns the link that the browser is sent to."""
    response = client.post(f"{order.get_absolute_url()}download/{release.pk}/")
    assert response.status_code == 302, response.content
    return str(response.headers["Location"])


def fetch(client: Client, link: str) -> int:
    """Follows the link to the end of the file; the status."""
    response = client.get(link)
    response.getvalue()  # to the end, where the test client closes the file
    return response.status_code


def downloads(order: Order) -> int:
    order.refresh_from_db()
    return order.downloads


def test_the_buyer_gets_the_file_as_it_was_released(client: Client, paid: Order, release: ProductFile) -> None:
    response = client.get(prepare(client, paid, release))
    content = response.getvalue()
    assert content == CONTENT
    assert hashlib.sha256(content).hexdigest() == release.sha256
    assert release.size_bytes == len(CONTENT) == int(response.headers["Content-Length"])


def test_download_headers_forbid_caching_and_name_nobody(client: Client, paid: Order, release: ProductFile) -> None:
    response = client.get(prepare(client, paid, release))
    response.getvalue()
    headers = response.headers
    assert headers["Content-Disposition"] == 'attachment; filename="bps-pro-1.0.zip"'
    assert headers["Content-Type"] == "application/zip"
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "noindex" in headers["X-Robots-Tag"]


def test_the_order_page_offers_what_is_released_and_says_how_often(
    client: Client, paid: Order, release: ProductFile
) -> None:
    factories.release(paid.product, version="2.0", released_at=timezone.now() + timedelta(days=1))
    fetch(client, prepare(client, paid, release))
    page = client.get(paid.get_absolute_url()).content.decode()
    assert "Download version 1.0" in page
    assert "Download version 2.0" not in page
    assert release.sha256 in page
    assert "Downloaded 1 of 20 times" in page


@pytest.mark.parametrize("state", ["open", "pending", "refunded"])
def test_unpaid_order_has_no_download(client: Client, paid: Order, release: ProductFile, state: str) -> None:
    link = prepare(client, paid, release)
    Order.objects.update(state=state)
    assert "Download version" not in client.get(paid.get_absolute_url()).content.decode()
    assert client.post(f"{paid.get_absolute_url()}download/{release.pk}/").status_code == 404
    response = client.get(link)  # made while the order was still paid
    assert response.status_code == 403
    assert "This download isn't available" in response.content.decode()
    assert downloads(paid) == 0


def test_a_partly_refunded_order_still_downloads(client: Client, paid: Order, release: ProductFile) -> None:
    Order.objects.update(state=Order.State.PART_REFUNDED)
    assert fetch(client, prepare(client, paid, release)) == 200


def test_a_link_ends_after_a_quarter_of_an_hour(
    client: Client, paid: Order, release: ProductFile, clock: time_machine.Traveller
) -> None:
    ProductFile.objects.update(released_at=timezone.now())
    link = prepare(client, paid, release)
    clock.shift(timedelta(minutes=15))
    assert fetch(client, link) == 200
    clock.shift(timedelta(seconds=1))
    response = client.get(link)
    assert response.status_code == 410
    assert "This link has expired" in response.content.decode()
    assert paid.reference in response.content.decode()
    assert downloads(paid) == 1


@pytest.mark.parametrize("pattern", ["{}x", "x{}", "{}:x", "x", "é", "::"])
def test_a_manipulated_link_does_not_work(client: Client, paid: Order, release: ProductFile, pattern: str) -> None:
    token = prepare(client, paid, release).split("/")[2]
    response = client.get(f"/downloads/{pattern.format(token)}/")
    assert response.status_code == 404
    assert "This link does not work" in response.content.decode()
    assert downloads(paid) == 0


def test_a_link_says_nothing_of_the_order_pages_address(client: Client, paid: Order, release: ProductFile) -> None:
    token = download_link(order=paid, file=release).split("/")[2]
    digest = hash_token(paid.link_token)
    assert signing.loads(token, salt="shop.download") == [paid.reference, str(release.pk), digest]
    assert client.get(f"/orders/{digest}/").status_code == 404


def test_another_products_file_is_not_found(client: Client, paid: Order) -> None:
    other = factories.release(factories.product(slug="other"))
    assert client.post(f"{paid.get_absolute_url()}download/{other.pk}/").status_code == 404
    assert client.get(download_link(order=paid, file=other)).status_code == 404
    assert downloads(paid) == 0


def test_a_withdrawn_release_is_told_of(client: Client, paid: Order, release: ProductFile) -> None:
    link = prepare(client, paid, release)
    ProductFile.objects.update(released_at=None)
    response = client.get(link)
    assert response.status_code == 404
    assert "This version was withdrawn" in response.content.decode()


def test_the_last_download_is_the_last_and_the_page_says_what_to_do(
    client: Client, paid: Order, release: ProductFile, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.DOWNLOADS_PER_ORDER = 2
    ProductFile.objects.update(released_at=timezone.now())
    statuses = []
    for _ in range(3):
        clock.shift(1)  # a link of the same second is the same link
        link = prepare(client, paid, release)
        statuses.append(fetch(client, link))
    assert statuses == [200, 200, 403]
    page = client.get(link).content.decode()
    assert "This order has no downloads left" in page
    assert 'href="/contact/?kind=order"' in page
    assert downloads(paid) == 2
    assert AuditEntry.objects.filter(action="shop.download.counted", object_id=str(paid.pk)).count() == 2


def test_a_missing_file_is_not_counted(client: Client, paid: Order, release: ProductFile) -> None:
    link = prepare(client, paid, release)
    release.content.storage.delete(str(release.content.name))
    response = client.get(link)
    assert response.status_code == 503
    assert "this attempt doesn't count as a download" in response.content.decode()
    assert downloads(paid) == 0


def test_staff_let_a_buyer_download_anew(staff: Client, paid: Order) -> None:
    Order.objects.update(downloads=20)
    page = staff.get(f"/admin/shop/order/{paid.pk}/change/").content.decode()
    assert "20 of 20" in page
    staff.post("/admin/shop/order/", {"action": "reset_downloads", "_selected_action": [str(paid.pk)]})
    assert downloads(paid) == 0
    Order.objects.update(downloads=20)
    Page(staff, f"/admin/shop/order/{paid.pk}/change/").press("Allow the downloads again")
    assert downloads(paid) == 0
    assert AuditEntry.objects.filter(action="shop.download.renewed", object_id=str(paid.pk)).exists()


def test_the_button_is_a_post_and_the_link_a_get(client: Client, paid: Order, release: ProductFile) -> None:
    assert client.get(f"{paid.get_absolute_url()}download/{release.pk}/").status_code == 405
    assert client.post(prepare(client, paid, release)).status_code == 405


def test_the_file_lies_where_no_address_leads(client: Client, release: ProductFile) -> None:
    path = Path(release.content.path)
    assert path.read_bytes() == CONTENT
    assert path.stat().st_mode & 0o077 == 0
    for public in (live_settings.STATIC_ROOT, live_settings.MEDIA_ROOT, *live_settings.STATICFILES_DIRS):
        assert Path(public) not in path.parents
    for address in (release.content.name, f"media/{release.content.name}", f"static/{release.content.name}"):
        assert client.get(f"/{address}").status_code == 404


def test_a_version_is_released_once(product: Product, release: ProductFile) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.release(product, b"PK other", version=release.version)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_pass_the_limit(product: Product, settings: Settings) -> None:
    settings.DOWNLOADS_PER_ORDER = 3
    order, release = factories.order(product, state=Order.State.PAID), factories.release(product)

    def take(number: int) -> bool:
        try:
            open_download(order=order, file=release, token=f"link {number}").close()
        except DownloadRefused:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as people:
        assert sorted(people.map(take, range(6))) == [False] * 3 + [True] * 3
    assert downloads(order) == 3


@pytest.mark.django_db(transaction=True)
def test_a_file_fetched_over_several_connections_counts_once(product: Product) -> None:
    order, release = factories.order(product, state=Order.State.PAID), factories.release(product)

    def fetch_part(_: int) -> None:
        try:
            file = ProductFile.objects.get(pk=release.pk)  # an instance of its own: it keeps the open file
            open_download(order=order, file=file, token="one link").close()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as people:
        list(people.map(fetch_part, range(6)))
    assert downloads(order) == 1


def zipped() -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr("bps-pro/guard.php", "<?php // guards")
    return file.getvalue()


def upload(staff: Client, product: Product, content: bytes, name: str) -> Any:
    fields = {"slug": "bps-pro", "name": "BPS Pro", "summary": "Guards.", "price_minor": "59.95", "currency": "USD"}
    fields["position"] = "0"
    prefixes = ("files", "files-2", "features", "pictures", "questions")
    forms = {f"{prefix}-{count}": "0" for prefix in prefixes for count in ("TOTAL_FORMS", "INITIAL_FORMS")}
    new = {
        "files-2-TOTAL_FORMS": "1",
        "files-2-0-version": "1.1",
        "files-2-0-content": ContentFile(content, name=name),
        "files-2-0-notes": "Quicker.",
        "files-2-0-released_at_0": "2026-03-02",
        "files-2-0-released_at_1": "12:00:00",
    }
    return staff.post(f"/admin/shop/product/{product.pk}/change/", {**fields, "is_active": "on", **forms, **new})


@pytest.mark.parametrize(("content", "name"), [(zipped(), "BPS Pro.zip"), (b"%PDF-1.7 the manual", "Manual.pdf")])
def test_staff_upload_a_release_in_the_admin(staff: Client, product: Product, content: bytes, name: str) -> None:
    response = upload(staff, product, content, name)
    assert response.status_code == 302, response.content.decode()
    file = ProductFile.objects.get(version="1.1")
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert file.sha256 in staff.get(f"/admin/shop/product/{product.pk}/change/").content.decode()
    with file.content.open() as stored:
        assert stored.read() == content


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<html><script>alert(1)</script>", "BPS Pro.zip"),
        (b"MZ a program", "BPS Pro.zip"),
        (zipped(), "Manual.pdf"),
        pytest.param(zipped()[:40], "BPS Pro.zip", id="cut off"),
        (zipped(), "BPS Pro.exe"),
        (b"", "BPS Pro.zip"),
    ],
)
def test_release_that_does_not_match_its_extension_is_rejected(
    staff: Client, product: Product, content: bytes, name: str
) -> None:
    response = upload(staff, product, content, name)
    assert response.status_code == 200
    assert b"errorlist" in response.content
    assert not ProductFile.objects.exists()
