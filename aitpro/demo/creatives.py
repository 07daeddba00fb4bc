"""The demo's banners, logo and texts for affiliates."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile

from affiliates.models import Creative
from shop.models import Product

BANNERS = Path(__file__).parent / "banners"
EMAIL = """\
Hi,

I keep my WordPress sites safe with {product}. It guards the sign-in, the files and the database, and it is bought once
instead of every year.

Have a look: {{link}}

If you buy through this link, I earn a commission. It costs you nothing extra.
"""


def seed_creatives(product: Product) -> None:
    """Creates them once; later changes by staff are kept."""
    if Creative.objects.exists():
        return
    landing, words = f"/products/{product.slug}/", f"{product.name}: security for WordPress, bought once"
    for position, size in enumerate(("728x90", "300x250")):
        name = f"{product.name}, {size.replace('x', ' × ')}"
        image = _image(f"bps-pro-{size}.png")
        Creative.objects.create(name=name, image=image, words=words, landing=landing, position=position)
    seller = settings.BUSINESS["short_name"]
    Creative.objects.create(name=f"{seller} logo", image=_image("logo-240x240.png"), words=seller, position=7)
    text = f"{product.name} guards the sign-in, the files and the database of a WordPress site"
    Creative.objects.create(name="A sentence", words=text, landing=landing, position=8)
    Creative.objects.create(
        name="An email to your readers",
        words=f"How I protect my WordPress sites with {product.name}",
        body=EMAIL.format(product=product.name),
        landing=landing,
        position=9,
    )


def _image(name: str) -> ContentFile[bytes]:
    return ContentFile((BANNERS / name).read_bytes(), name=name)
