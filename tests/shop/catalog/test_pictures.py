"""Pictures of products: whatever is uploaded, visitors get small WebP files of this site."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from shop.models import Product, ProductPicture
from tests.staff_pages import Page


def picture(format: str = "PNG", size: tuple[int, int] = (1600, 1000), **options: Any) -> bytes:
    content = BytesIO()
    Image.new("RGB", size, "teal").save(content, format, **options)
    return content.getvalue()


def with_place_and_rotation() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010E] = "Carol's kitchen"
    return picture("JPEG", (1000, 800), exif=exif)


def with_bomb_behind_the_pixels() -> bytes:
    """A PNG whose last text unpacks to more than Pillow allows: it raises ValueError, and only once it decodes."""
    body = b"zTXt" + b"Comment\0\0" + zlib.compress(bytes(3_000_000))
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = picture().index(b"IEND") - 4
    return picture()[:end] + chunk + picture()[end:]


@pytest.fixture
def form(staff: Client, product: Product) -> Page:
    return Page(staff, f"/admin/shop/product/{product.pk}/change/")


def upload(form: Page, content: bytes, name: str = "Carol's screenshot.png", **typed: str) -> Page:
    file = SimpleUploadedFile(name, content)
    typed = {"pictures-0-alt": "A padlock", "headline": "Typed before", **typed}
    return form.submit(**{"pictures-0-upload": file, **typed})


def problem(page: Page) -> str:
    return " ".join(each.get_text(" ") for each in page.soup.select(".field-upload .errorlist"))


def test_uploaded_picture_is_shown_with_its_size(form: Page, client: Client) -> None:
    upload(form, picture(), **{"pictures-0-caption": "A sample"})
    page = BeautifulSoup(client.get("/products/bps-pro/").content, "html.parser")
    image = page.select_one("main .picture img")
    assert image is not None
    assert (image["width"], image["height"], image["alt"]) == ("1120", "700", "A padlock")
    for address, width in ((image["src"], 1120), (str(image["srcset"]).split()[0], 640)):
        response = client.get(str(address))
        assert response.headers["Content-Type"] == "image/webp"
        assert "immutable" in response.headers["Cache-Control"]
        assert not response.cookies
        assert Image.open(BytesIO(response.content)).width == width
    assert "img-src 'self';" in client.get("/products/bps-pro/").headers["Content-Security-Policy"] + ";"


def test_name_and_metadata_of_the_upload_are_not_published(form: Page, client: Client) -> None:
    upload(form, with_place_and_rotation(), "Carol's kitchen.jpg")
    stored = ProductPicture.objects.get()
    assert (stored.width, stored.height) == (800, 1000)
    assert "Carol" not in stored.url + client.get("/products/bps-pro/").content.decode()
    for content in (stored.large, stored.small):
        image = Image.open(BytesIO(content))
        assert (image.format, dict(image.getexif())) == ("WEBP", {})
        assert b"kitchen" not in bytes(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "Choose a PNG, JPEG or WebP", id="svg"
        ),
        pytest.param(b"MZ a program", "Choose a PNG, JPEG or WebP", id="program"),
        pytest.param(picture("GIF"), "Choose a PNG, JPEG or WebP", id="gif"),
        pytest.param(picture()[:900], "Choose a PNG, JPEG or WebP", id="cut off"),
        pytest.param(picture("JPEG", quality=95)[:5000], "This picture is broken", id="cut off later"),
        pytest.param(with_bomb_behind_the_pixels(), "This picture is broken", id="text bomb"),
        pytest.param(picture() + bytes(9_000_000), "at most 8.0\xa0MB. This file has 8.6\xa0MB.", id="9 MB"),
        pytest.param(
            picture() + bytes(50_000_000), "Choose a PNG, JPEG or WebP picture of at most 8.0\xa0MB.", id="50 MB"
        ),
        pytest.param(picture("PNG", (9000, 9000)), "This picture has 9000 × 9000 pixels", id="bomb"),
        pytest.param(picture("PNG", (100, 5000)), "three times as high as wide", id="strip"),
    ],
)
def test_unusable_picture_is_refused_with_a_message_and_nothing_is_lost(
    form: Page, content: bytes, message: str
) -> None:
    again = upload(form, content)
    assert message in problem(again)
    assert (again.field("pictures-0-alt"), again.field("headline")) == ("A padlock", "Typed before")
    assert not ProductPicture.objects.exists()


def test_picture_needs_a_description(form: Page) -> None:
    again = upload(form, picture(), **{"pictures-0-alt": ""})
    assert "This field is required" in again.text
    assert not ProductPicture.objects.exists()


def test_replaced_picture_gets_another_address(staff: Client, form: Page, client: Client) -> None:
    upload(form, picture())
    before = ProductPicture.objects.get()
    upload(Page(staff, form.address), picture(size=(300, 200)))
    after = ProductPicture.objects.get()
    assert after.pk == before.pk
    assert client.get(after.url).status_code == 200
    assert client.get(before.url).status_code == 404


def test_description_is_changed_without_another_upload(staff: Client, form: Page) -> None:
    upload(form, picture())
    before = ProductPicture.objects.get()
    Page(staff, form.address).submit(**{"pictures-0-alt": "Another word"})
    after = ProductPicture.objects.get()
    assert (after.alt, after.digest, bytes(after.large)) == ("Another word", before.digest, bytes(before.large))


def test_preview_shows_a_new_picture_and_stores_none(form: Page) -> None:
    preview = upload(form, picture(), _preview="")
    image = preview.soup.select_one("main .picture img")
    assert image is not None
    assert str(image["src"]).startswith("data:image/webp;base64,")
    assert "img-src 'self' data:" in preview.response.headers["Content-Security-Policy"]
    assert not ProductPicture.objects.exists()


@pytest.mark.parametrize("name", ["0" * 64 + "/large", "0" * 64 + "/huge", "x/small"])
def test_unknown_picture_is_404(client: Client, product: Product, name: str) -> None:
    assert client.get(f"/products/pictures/{name}.webp").status_code == 404
