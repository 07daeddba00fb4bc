"""Downloads: short-lived signed links from the order page, with a limit per order.

A link names the order by its reference, not by its page's token: passing it on gives away a file for a few minutes, not
the order.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import signing
from django.core.files import File
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from privacy.audit.trail import record
from privacy.encryption.tokens import hash_token
from shop.models import CountedDownload, Order, ProductFile

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

SALT = "shop.download"


class DownloadRefused(Exception):
    """The download isn't possible; the page tells the buyer why. `order` is None if the link is invalid."""

    def __init__(self, reason: str, order: Order | None = None) -> None:
        super().__init__(reason)
        self.reason, self.order = reason, order


def download_link(*, order: Order, file: ProductFile) -> str:
    """A URL path for this file that works for `DOWNLOAD_LINK_MINUTES`, and no longer than the order's own link."""
    token = signing.dumps([order.reference, str(file.pk), _order_link_digest(order)], salt=SALT)
    return reverse("shop:download", args=[token])


def _order_link_digest(order: Order) -> str:
    return hash_token(order.link_token)


def resolve_download_link(token: str) -> tuple[Order, ProductFile]:
    """The order and the file of a link. Raises `DownloadRefused`."""
    try:
        reference, file_id, link_digest = signing.loads(token, salt=SALT)
        order = Order.objects.get(reference=reference)
    except (signing.BadSignature, Order.DoesNotExist):
        raise DownloadRefused("unknown") from None
    if link_digest != _order_link_digest(order):
        raise DownloadRefused("unknown")
    if not _is_unexpired(token):
        raise DownloadRefused("expired", order)
    file = ProductFile.objects.released(timezone.now()).filter(pk=file_id, product=order.product_id).first()
    if file is None:
        raise DownloadRefused("withdrawn", order)
    return order, file


def _is_unexpired(token: str) -> bool:
    try:
        signing.loads(token, salt=SALT, max_age=settings.DOWNLOAD_LINK_MINUTES * 60)
    except signing.SignatureExpired:
        return False
    return True


@transaction.atomic
def open_download(*, order: Order, file: ProductFile, token: str, is_counted: bool = True) -> File[bytes]:
    """Opens the file and counts one download, unless this link was counted before: a download that is resumed, or
    fetched in parts, is one.

    Raises `DownloadRefused` if no download is left, the order isn't paid (any more), or the file can't be read; the
    last case is not counted.
    """
    if is_counted:
        _count_download(order, token)
    elif not order.is_delivered:
        raise DownloadRefused("not_paid", order)
    try:
        return file.content.open()
    except OSError:
        logger.exception("the file of release %s can't be read", file.pk)
        raise DownloadRefused("missing", order) from None


def _count_download(order: Order, token: str) -> None:
    delivered = Order.objects.filter(Order.DELIVERED_NOW, pk=order.pk)
    if not delivered.exists():
        raise DownloadRefused("not_paid", order)
    if not _is_first_use(token):
        return
    if not delivered.filter(downloads__lt=settings.DOWNLOADS_PER_ORDER).update(downloads=F("downloads") + 1):
        raise DownloadRefused("used_up", order)
    record(action="shop.download.counted", about=order, actor=None)


def _is_first_use(token: str) -> bool:
    now = timezone.now()
    expires_at = now + timedelta(minutes=settings.DOWNLOAD_LINK_MINUTES)
    _, is_new = CountedDownload.objects.get_or_create(
        link_digest=hash_token(token), defaults={"expires_at": expires_at}
    )
    return is_new


@transaction.atomic
def reset_downloads(*, order: Order, actor: User) -> None:
    """Resets the order's download count."""
    Order.objects.filter(pk=order.pk).update(downloads=0)
    record(action="shop.download.renewed", about=order, actor=actor)
