"""The first version of each of the shop's documents, written from the settings: a draft that staff review and publish.

Nobody but the vendor can promise these things to buyers, so that a fresh site sells under no terms until staff publish
them; the admin's first page says so (ADR 47).
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

from django.apps import apps as installed_apps
from django.conf import settings
from django.db import router

from privacy.encryption.models import uuid7
from shop.models import ShopTerms

TEXTS = Path(__file__).parent / "texts"


def draft_first_terms(*, using: str, apps: Any = installed_apps, **_signal: Any) -> None:
    """Receives `post_migrate`."""
    try:
        terms = apps.get_model("shop", "ShopTerms")
    except LookupError:  # migrated to a time before there were any
        return
    if not router.allow_migrate_model(using, terms):
        return
    for document in ShopTerms.Document.values:
        if not terms.objects.using(using).filter(document=document).exists():
            terms.objects.using(using).create(id=uuid7(), document=document, number=1, text=first_text(document))


def first_text(document: str) -> str:
    text = Template((TEXTS / f"{document}.md").read_text(encoding="utf-8"))
    return text.substitute(
        settings.BUSINESS,
        refund_days=settings.REFUND_DAYS,
        answer_days=settings.INQUIRY_ANSWER_DAYS,
        downloads=settings.DOWNLOADS_PER_ORDER,
    )
