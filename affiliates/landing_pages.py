"""The pages of this site that an affiliate's link may lead to: its public ones, and never anywhere else."""

from __future__ import annotations

from functools import lru_cache

from django.urls import Resolver404, resolve, reverse

from shop.models import Product

PUBLIC_PAGES = {"site:home", "site:services", "shop:product", "affiliates:program", "contacts:contact"}


@lru_cache(maxsize=512)  # most links lead to a few pages
def own_page(path: str) -> str:
    """The page itself when it is a public one of this site, otherwise the front page."""
    address = f"/{path}"
    try:
        match = resolve(address)
    except Resolver404:
        return "/"
    return address if match.view_name in PUBLIC_PAGES else "/"


def offered_pages() -> list[tuple[str, str]]:
    """Path and name of each page that a link can be made for, what is on sale first."""
    products = Product.objects.filter(is_active=True).order_by("name")
    return [
        ("/", "Front page"),
        *((reverse("shop:product", args=[product.slug]), product.name) for product in products),
        (reverse("site:services"), "Services"),
        (reverse("affiliates:program"), "Affiliate program"),
        (reverse("contacts:contact"), "Contact"),
    ]
