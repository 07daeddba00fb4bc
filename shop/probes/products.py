"""Products for the rehearsal, created by the owner, with a release."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from privacy.evidence.rehearsal.cast import OWNER, STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

PRODUCT = "rehearsed-product"  # its slug
SERVICE = "rehearsed-service"  # asks for a phone number and an address


@probe("paypal-only", stage=Stage.SET_UP)
def owner_puts_products_on_sale(rehearsal: Rehearsal) -> None:
    release = SimpleUploadedFile("release.zip", _a_release())
    put_on_sale(rehearsal, PRODUCT, issues_license="on", **{"files-2-0-version": "1.0", "files-2-0-content": release})
    put_on_sale(rehearsal, SERVICE, asks_phone="on", asks_address="on")


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
