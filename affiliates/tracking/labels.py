"""Declaring and archiving labels. Both are idempotent."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from affiliates.models import MOST_LABELS, Affiliate, Label

from .label_names import LabelRefused, clean_label


@transaction.atomic
def declare_label(*, affiliate: Affiliate, text: str) -> Label:
    """Creates the label, or restores it from the archive; returns it unchanged if it is in use. Raises `LabelRefused`.

    Concurrent calls are serialized, so that the limit holds.
    """
    name = clean_label(text)
    Affiliate.objects.select_for_update(of=("self",)).get(pk=affiliate.pk)
    label = affiliate.labels.filter(name_index=name).first()
    if label is not None and label.archived_at is None:
        return label
    if affiliate.labels.in_use().count() >= MOST_LABELS:
        raise LabelRefused(f"You have {MOST_LABELS} labels, which is the maximum. Archive one first.")
    if label is None:
        return Label.objects.create(affiliate=affiliate, name=name)
    label.archived_at = None
    label.save(update_fields=["archived_at"])
    return label


def archive_label(label: Label) -> None:
    """From now on its links count without a label; its statistics are kept."""
    if label.archived_at is None:
        label.archived_at = timezone.now()
        label.save(update_fields=["archived_at"])
