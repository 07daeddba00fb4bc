"""Declaring labels, and archiving them. Done twice, each is done once."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from affiliates.models import MOST_LABELS, Affiliate, Label

from .label_names import LabelRefused, clean_label


@transaction.atomic
def declare_label(*, affiliate: Affiliate, text: str) -> Label:
    """The label, made or taken out of the archive; the same one where it is in use already. Raises `LabelRefused`.

    Several at once take turns, so that none is one too many.
    """
    name = clean_label(text)
    Affiliate.objects.select_for_update(of=("self",)).get(pk=affiliate.pk)
    label = affiliate.labels.filter(name_index=name).first()
    if label is not None and label.archived_at is None:
        return label
    if affiliate.labels.in_use().count() >= MOST_LABELS:
        raise LabelRefused(f"You have {MOST_LABELS} labels, which is the most there can be. Archive one first.")
    if label is None:
        return Label.objects.create(affiliate=affiliate, name=name)
    label.archived_at = None
    label.save(update_fields=["archived_at"])
    return label


def archive_label(label: Label) -> None:
    """Its links count without a label from now on; what came under it stays."""
    if label.archived_at is None:
        label.archived_at = timezone.now()
        label.save(update_fields=["archived_at"])
