"""What a product's page tells search engines, in schema.org's words. It repeats what people read there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from privacy.web.markdown import render_markdown
from shop.models import Product, ProductPicture
from shop.models.product_page import Question

SELLER = {"@id": f"{settings.SITE_URL}/#organization", "@type": "Organization", "name": settings.BUSINESS["name"]}


def product_data(product: Product, pictures: Iterable[ProductPicture]) -> dict[str, Any]:
    is_service = not (product.is_download or product.issues_license)
    data = {
        "@type": "Service" if is_service else "Product",
        "name": product.name,
        "description": product.summary,
        "url": _absolute(product.get_absolute_url()),
        "image": [_absolute(picture.url) for picture in pictures],
        "provider" if is_service else "brand": SELLER,
    }
    return {**data, "offers": _offer(product)} if product.is_for_sale else data


def _offer(product: Product) -> dict[str, Any]:
    price = product.price
    offer: dict[str, Any] = {
        "@type": "Offer",
        "url": _absolute(product.get_absolute_url()),
        "price": price and price.amount,
        "priceCurrency": product.currency,
        "availability": "https://schema.org/InStock",
        "seller": SELLER,
    }
    if settings.REFUND_DAYS:
        offer["hasMerchantReturnPolicy"] = {
            "@type": "MerchantReturnPolicy",
            "applicableCountry": settings.BUSINESS["country"],
            "returnPolicyCategory": "https://schema.org/MerchantReturnFiniteReturnWindow",
            "merchantReturnDays": settings.REFUND_DAYS,
        }
    return offer


def faq_data(questions: Iterable[Question]) -> dict[str, Any]:
    return {
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": each.question,
                "acceptedAnswer": {"@type": "Answer", "text": render_markdown(each.answer)},
            }
            for each in questions
        ],
    }


def _absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"
