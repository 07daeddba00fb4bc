"""Declaring and archiving labels. Both are idempotent."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from affiliates.models import MOST_LABELS, Affiliate, Label

from .label_names import LabelRefused, clean_label


@transaction.atomic
def declare_label(*, affiliate: Affiliate, text: str, page: str = "") -> Label:
    """Creates the label, or restores it from the archive; its link leads to `page` if one is given.

    Raises `LabelRefused`. Concurrent calls are serialized, so that the limit holds.
    """
    name = clean_label(text)
    Affiliate.objects.select_for_update(of=("self",)).get(pk=affiliate.pk)
    label = affiliate.labels.filter(name_index=name).first()
    is_in_use = label is not None and label.archived_at is None
    if not is_in_use and affiliate.labels.in_use().count() >= MOST_LABELS:
        raise LabelRefused(f"You have {MOST_LABELS} labels, which is the maximum. Archive one first.")
    if label is None:
        return Label.objects.create(affiliate=affiliate, name=name, page=page or "/")
    label.archived_at, label.page = None, page or label.page
    label.save(update_fields=["archived_at", "page"])
    return label


def archive_label(label: Label) -> None:
    """From now on its links count without a label; its statistics are kept."""
    if label.archived_at is None:
        label.archived_at = timezone.now()
        label.save(update_fields=["archived_at"])
