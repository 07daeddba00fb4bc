"""Banners and text links: created by staff, copied by affiliates, served from this site."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django import DjangoAssertNumQueries, Settings

from affiliates.models import Affiliate, Creative
from shop.models import Product
from tests.cast import signed_in

from .pages import PORTAL, text_of

pytestmark = pytest.mark.usefixtures("clock")

ADD = "/admin/affiliates/creative/add/"


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def picture(kind: str = "PNG", width: int = 30, height: int = 20) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind)
    return out.getvalue()


def gif_without_width() -> bytes:
    """Pillow opens it, and raises ValueError when asked for its size."""
    content = bytearray(picture("GIF"))
    frame = content.index(bytes([0x2C, 0, 0, 0, 0, 30, 0, 20, 0]))
    content[frame + 5] = 0
    return bytes(content)


def banner(**fields: object) -> Creative:
    values = {"name": "Banner", "words": "BPS Pro", "image": ContentFile(picture(), name="b.png"), **fields}
    return Creative.objects.create(**values)


def form(content: bytes | None, name: str = "b.png", **fields: str) -> dict[str, object]:
    values: dict[str, object] = {
        "name": "B",
        "words": "W",
        "landing": "/",
        "position": "0",
        "is_offered": "on",
        **fields,
    }
    return values if content is None else {**values, "image": SimpleUploadedFile(name, content)}


def boxes(affiliate: Affiliate) -> list[str]:
    page = BeautifulSoup(signed_in(affiliate.user).get(f"{PORTAL}creatives/").content, "html.parser")
    return [box.get_text() for box in page.select(".copy-box")]


def test_creative_html_contains_own_link_and_local_image(alice: Affiliate, settings: Settings) -> None:
    creative = banner(landing="/services/")
    copied = BeautifulSoup(boxes(alice)[0], "html.parser")
    link, image = copied.find("a"), copied.find("img")
    assert link is not None
    assert image is not None
    assert link["href"] == f"{settings.SITE_URL}/go/DEMO/services/"
    assert image["src"] == f"{settings.SITE_URL}/affiliates/creatives/{creative.pk}/"
    assert (image["width"], image["height"], image["alt"]) == ("30", "20", "BPS Pro")


def test_text_creative_is_a_text_link(alice: Affiliate, settings: Settings) -> None:
    Creative.objects.create(name="Text", words="Guards a site")
    assert boxes(alice) == [f'<a href="{settings.SITE_URL}/go/DEMO/" rel="sponsored">Guards a site</a>']


def test_text_to_paste_contains_own_link(alice: Affiliate, settings: Settings) -> None:
    Creative.objects.create(name="Mail", words="Subject", body="Hello,\n\nsee {link}\n<b>", landing="/services/")
    assert boxes(alice) == [f"Hello,\n\nsee {settings.SITE_URL}/go/DEMO/services/\n<b>"]


def test_creative_html_escapes_words(alice: Affiliate) -> None:
    banner(words='"><script>alert(1)</script>')
    page = signed_in(alice.user).get(f"{PORTAL}creatives/").content
    assert b"<script>alert" not in page
    copied = BeautifulSoup(boxes(alice)[0], "html.parser")
    assert copied.find("script") is None
    assert copied.find("img")["alt"] == '"><script>alert(1)</script>'  # type: ignore[index]


def test_creative_image_is_public_and_sets_no_cookie(db: None) -> None:
    response = Client().get(f"/affiliates/creatives/{banner().pk}/")
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, max-age=86400"
    assert not response.cookies


def test_withdrawn_creative_keeps_serving_its_image(alice: Affiliate) -> None:
    creative = banner()
    assert len(boxes(alice)) == 1
    Creative.objects.update(is_offered=False)
    assert boxes(alice) == []
    assert Client().get(f"/affiliates/creatives/{creative.pk}/").status_code == 200


def test_creative_without_image_file_is_not_found(db: None) -> None:
    text, lost = Creative.objects.create(name="Text", words="W"), banner()
    Path(lost.image.path).unlink()
    for creative in (text, lost):
        assert Client().get(f"/affiliates/creatives/{creative.pk}/").status_code == 404


@pytest.mark.parametrize(("kind", "name"), [("PNG", "a.png"), ("JPEG", "a.JPG"), ("GIF", "a.gif"), ("WEBP", "a.webp")])
def test_staff_add_banner(staff: Client, kind: str, name: str) -> None:
    assert staff.post(ADD, form(picture(kind), name)).status_code == 302
    creative = Creative.objects.get()
    assert (creative.width, creative.height) == (30, 20)
    assert name.partition(".")[0] not in Path(str(creative.image.name)).name.split("-")
    assert Client().get(f"/affiliates/creatives/{creative.pk}/")["Content-Type"] == f"image/{kind.lower()}"


def test_staff_add_text_creative(staff: Client) -> None:
    assert staff.post(ADD, form(None)).status_code == 302
    assert Creative.objects.get().width is None


def test_creative_is_image_or_text_to_paste(staff: Client) -> None:
    response = staff.post(ADD, form(picture(), body="Hello"))
    assert b"an image or a text to paste, not both" in response.content
    assert not Creative.objects.exists()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg"),
        (b"<script>", "a.png"),
        (picture(), "a.html"),
        (b"", "a.png"),
        (gif_without_width(), "a.gif"),
    ],
)
def test_non_image_upload_is_refused(staff: Client, content: bytes, name: str) -> None:
    response = staff.post(ADD, form(content, name))
    assert response.status_code == 200
    assert b"errorlist" in response.content
    assert not Creative.objects.exists()


@pytest.mark.parametrize("landing", ["https://evil.example/", "//evil.example/", "services/", "/admin/", "/nowhere/"])
def test_creative_links_to_public_pages_only(staff: Client, landing: str) -> None:
    response = staff.post(ADD, form(None, landing=landing))
    assert b"Enter the path of a public page of this site." in response.content
    assert not Creative.objects.exists()


def test_creatives_page_without_creatives_says_what_to_do(alice: Affiliate) -> None:
    assert "No banners yet" in text_of(alice.user, "creatives/")


def test_creatives_page_has_constant_query_count(
    alice: Affiliate, product: Product, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    for count in (1, 39):
        for _ in range(count):
            banner(landing="/products/bps-pro/")
        with django_assert_num_queries(6):
            client.get(f"{PORTAL}creatives/")
