"""Products for the rehearsal, created by the owner, with a release and a picture."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from privacy.evidence.rehearsal.cast import OWNER, STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

PRODUCT = "rehearsed-product"  # its slug
SERVICE = "rehearsed-service"  # asks for a phone number and an address


@probe("paypal-only", stage=Stage.SET_UP)
def owner_puts_products_on_sale(rehearsal: Rehearsal) -> None:
    release = SimpleUploadedFile("release.zip", _a_release())
    picture = SimpleUploadedFile("picture.png", _a_picture())
    page: dict[str, Any] = {
        "pictures-0-upload": picture,
        "pictures-0-alt": "A wall",
        "pictures-0-caption": "Rehearsed.",
    }
    page["documentation_url"] = f"{settings.SITE_URL}/support/"
    file = {"files-2-0-version": "1.0", "files-2-0-content": release}
    put_on_sale(rehearsal, PRODUCT, issues_license="on", **page, **file)
    put_on_sale(rehearsal, SERVICE, asks_phone="on", asks_address="on")
    owner = rehearsal.things[STAFF][OWNER].browser
    owner.open(f"/products/{PRODUCT}/")
    owner.open(str(owner.page.select("main .picture img")[0]["src"]))
    rehearsal.expect(b"WEBP" in owner.content[:16], "a product's picture is shown")


def put_on_sale(rehearsal: Rehearsal, slug: str, **fields: Any) -> None:
    owner = rehearsal.things[STAFF][OWNER].browser
    owner.open("/admin/shop/product/add/")
    owner.submit(
        "Save", name=slug, slug=slug, summary="Rehearsed.", price_minor="59.95", fulfillment="Rehearsed.", **fields
    )
    rehearsal.expect("was added successfully" in owner.text, f"the owner can put {slug} on sale")


def _a_release() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("readme.txt", "The product.")
    return content.getvalue()


def _a_picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (800, 500)).save(content, "PNG")
    return content.getvalue()
