"""The demo's banners and text creative."""

from __future__ import annotations

from pathlib import Path

from django.core.files.base import ContentFile

from affiliates.models import Creative
from shop.models import Product

BANNERS = Path(__file__).parent / "banners"


def seed_creatives(product: Product) -> None:
    """Creates them once; later changes by staff are kept."""
    if Creative.objects.exists():
        return
    landing, words = f"/products/{product.slug}/", f"{product.name}: security for WordPress, bought once"
    for position, size in enumerate(("728x90", "300x250")):
        content = ContentFile((BANNERS / f"bps-pro-{size}.png").read_bytes(), name=f"bps-pro-{size}.png")
        name = f"{product.name}, {size.replace('x', ' × ')}"
        Creative.objects.create(name=name, image=content, words=words, landing=landing, position=position)
    text = f"{product.name} guards the sign-in, the files and the database of a WordPress site"
    Creative.objects.create(name="A sentence", words=text, landing=landing, position=9)
