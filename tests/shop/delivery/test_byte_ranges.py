"""Downloads in parts: what an interrupted download asks for, and what counts."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from privacy.encryption.tokens import generate_token
from privacy.erasure.pruning import prune_old_rows
from shop.delivery.downloads import download_link
from shop.models import CountedDownload, Order, Product
from shop.models.delivery import ProductFile
from tests import factories

CONTENT = bytes(range(100))


@pytest.fixture
def order(product: Product) -> Order:
    return factories.order(product, state=Order.State.PAID, paid_at=timezone.now())


@pytest.fixture
def release(product: Product) -> ProductFile:
    return factories.release(product, CONTENT)


@pytest.fixture
def link(order: Order, release: ProductFile) -> str:
    return download_link(order=order, file=release)


def get(client: Client, link: str, header: str, **headers: str) -> tuple[int, bytes, Any]:
    response = client.get(link, headers={"range": header, **headers})
    return response.status_code, response.getvalue(), response.headers


def downloads(order: Order) -> int:
    order.refresh_from_db()
    return order.downloads


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-9", 0, 9),
        ("bytes=40-", 40, 99),
        ("bytes=-10", 90, 99),
        ("bytes=-500", 0, 99),
        ("bytes=90-500", 90, 99),
        ("BYTES = 5-6", 5, 6),
    ],
)
def test_part_is_sent(client: Client, link: str, header: str, first: int, last: int) -> None:
    status, content, headers = get(client, link, header)
    assert (status, content) == (206, CONTENT[first : last + 1])
    assert headers["Content-Range"] == f"bytes {first}-{last}/100"
    assert int(headers["Content-Length"]) == last - first + 1
    assert headers["Content-Disposition"] == 'attachment; filename="bps-pro-1.0.zip"'


@pytest.mark.parametrize(
    "header", ["", "bytes", "bytes=", "bytes=-", "bytes=9-0", "bytes=0-1,5-6", "bytes=a-b", "lines=1-2", "bytes=٣-٤"]
)
def test_header_that_servers_may_ignore_gets_the_whole_file(client: Client, link: str, header: str) -> None:
    status, content, headers = get(client, link, header)
    assert (status, content) == (200, CONTENT)
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Type"] == "application/zip"


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=9999999999999999999-"])
def test_part_behind_the_end_is_416(client: Client, link: str, header: str) -> None:
    status, _, headers = get(client, link, header)
    assert (status, headers["Content-Range"]) == (416, "bytes */100")


def test_resumed_download_of_another_version_starts_anew(client: Client, link: str, release: ProductFile) -> None:
    same, other = f'"{release.sha256}"', '"something else"'
    assert get(client, link, "bytes=50-", **{"if-range": same})[:2] == (206, CONTENT[50:])
    for stale in (other, f"W/{same}", "Mon, 02 Mar 2026 12:00:00 GMT"):
        assert get(client, link, "bytes=50-", **{"if-range": stale})[:2] == (200, CONTENT)


def test_head_tells_the_size_and_counts_nothing(client: Client, order: Order, link: str, release: ProductFile) -> None:
    response = client.head(link, headers={"range": "bytes=0-9"})
    assert (response.status_code, response.getvalue()) == (200, b"")
    assert response.headers["Content-Length"] == "100"
    assert response.headers["ETag"] == f'"{release.sha256}"'
    assert response.headers["Accept-Ranges"] == "bytes"
    assert downloads(order) == 0


@pytest.mark.parametrize("state", ["open", "refunded"])
def test_head_of_an_unpaid_order_is_refused(client: Client, order: Order, link: str, state: str) -> None:
    Order.objects.update(state=state)
    assert client.head(link).status_code == 403
    assert client.get(link, headers={"range": "bytes=0-9"}).status_code == 403


def test_parts_and_repetitions_of_one_link_count_once(client: Client, order: Order, link: str) -> None:
    for header in ("bytes=0-49", "bytes=50-", "", "bytes=0-0"):
        get(client, link, header)
    assert downloads(order) == 1


def test_link_in_use_works_until_it_expires_even_if_it_was_the_last(
    client: Client, order: Order, link: str, release: ProductFile, settings: Settings, clock: Any
) -> None:
    settings.DOWNLOADS_PER_ORDER = 1
    ProductFile.objects.update(released_at=timezone.now())
    link = download_link(order=order, file=release)
    assert get(client, link, "bytes=0-9")[0] == 206
    clock.shift(60)
    assert get(client, link, "bytes=10-")[0] == 206
    assert get(client, download_link(order=order, file=release), "")[0] == 403
    clock.shift(15 * 60)
    assert get(client, link, "bytes=10-")[0] == 410


def test_expired_links_are_forgotten(client: Client, order: Order, release: ProductFile, clock: Any) -> None:
    ProductFile.objects.update(released_at=timezone.now())
    for _ in range(3):
        get(client, download_link(order=order, file=release), "")
        clock.shift(16 * 60)
    assert CountedDownload.objects.count() == 3
    assert prune_old_rows(now=timezone.now()) == 3
    assert downloads(order) == 3


def test_download_link_ends_with_the_orders_own_link(client: Client, order: Order, link: str) -> None:
    order.link_token = generate_token()
    order.save(update_fields=["link_token"])
    assert get(client, link, "")[0] == 404
