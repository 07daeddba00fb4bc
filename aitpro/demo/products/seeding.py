"""The demo's products: BPS Pro, a service with a price, and one by quote."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile

from aitpro.demo import release
from shop.catalog.pictures import encode
from shop.models import Product, ProductFeature, ProductFile, ProductPicture, ProductQuestion

from . import drawings, texts

Texts = Iterable[tuple[str, str]]
Pictures = Iterable[tuple[BytesIO, str, str]]

PRICE_MINOR, SETUP_MINOR = 5995, 9500


def seed_products() -> Product:
    """Creates what is missing, and returns BPS Pro. Later changes by staff are kept."""
    if not Product.objects.filter(slug="bps-pro").exists():
        _bps_pro()
        _services()
    return Product.objects.get(slug="bps-pro")


def _bps_pro() -> None:
    product = _product(
        "bps-pro",
        {**texts.BPS_PRO, "price_minor": PRICE_MINOR},
        features=texts.BPS_PRO_FEATURES,
        questions=texts.BPS_PRO_QUESTIONS,
        pictures=[
            (
                drawings.layers(),
                "A site inside of four walls: firewall, login, files, database. Attacks end outside.",
                "",
            ),
            (
                drawings.how_it_works(),
                "A request meets the .htaccess rules first, which refuse it or let it through to WordPress."
                " A changed file goes to quarantine, and the good copy is restored.",
                "How the firewall and the file monitoring work",
            ),
        ],
    )
    content = ContentFile(release.release_zip(), name="bps-pro.zip")
    ProductFile.objects.create(product=product, version=release.VERSION, content=content, notes=release.NOTES)


def _services() -> None:
    _product(
        "bps-pro-setup",
        {**texts.SETUP, "price_minor": SETUP_MINOR, "issues_license": False, "position": 1},
        features=texts.SETUP_FEATURES,
        questions=texts.SETUP_QUESTIONS,
        pictures=[
            (drawings.setup(), "Three steps: agree on a time, set up and test, hand over a list of settings.", "")
        ],
    )
    _product(
        "security-review",
        {**texts.REVIEW, "issues_license": False, "position": 2},
        features=texts.REVIEW_FEATURES,
        questions=texts.REVIEW_QUESTIONS,
    )


def _product(
    slug: str, columns: dict[str, Any], *, features: Texts, questions: Texts, pictures: Pictures = ()
) -> Product:
    product = Product.objects.create(slug=slug, currency=settings.CURRENCY, **columns)
    for position, (heading, text) in enumerate(features):
        ProductFeature.objects.create(product=product, heading=heading, text=text, position=position)
    for position, (question, answer) in enumerate(questions):
        ProductQuestion.objects.create(product=product, question=question, answer=answer, position=position)
    for position, (content, alt, caption) in enumerate(pictures):
        columns = {**vars(encode(content)), "alt": alt, "caption": caption, "position": position}
        ProductPicture.objects.create(product=product, **columns)
    return product
