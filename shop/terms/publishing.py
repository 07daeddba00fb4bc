"""Publishes versions of terms."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from shop.models.terms import ShopTerms, VersionedTerms


@transaction.atomic
def publish_terms(*, version: VersionedTerms, effective_from: datetime | None, actor: AbstractBaseUser | None) -> None:
    """Publishes a draft permanently, with effect from now if no time is given. Raises `ActionRefused`."""
    now, last = timezone.now(), version.versions.published().order_by("-number").first()
    effective_from = effective_from or now
    if effective_from < now:
        raise ActionRefused("This time has passed. Terms can't take effect in the past.")
    if version.obstacle:
        raise ActionRefused(version.obstacle)
    if last is not None:
        _check_succession(version, last, effective_from)
    published = version.versions.filter(pk=version.pk, effective_from__isnull=True).update(
        effective_from=effective_from, published_at=now
    )
    if not published:
        raise ActionRefused("This version is already published.")
    record(action=f"{version._meta.app_label}.terms.published", about=version, actor=actor)


def _check_succession(version: VersionedTerms, last: VersionedTerms, effective_from: datetime) -> None:
    """Raises `ActionRefused` if the order of versions, or what is new, would be unclear to readers."""
    if not version.changes.strip():
        raise ActionRefused("Please describe the changes in a few sentences. Readers see them first.")
    if last.number == version.number:
        raise ActionRefused("This version is already published.")
    if last.number > version.number:
        raise ActionRefused(f"Version {last.number} was published in the meantime. Please start a new draft from it.")
    if last.effective_from and effective_from <= last.effective_from:
        raise ActionRefused(f"Version {last.number} takes effect later than this. Please choose a later day.")


@transaction.atomic
def start_next_version(*, version: ShopTerms, actor: AbstractBaseUser | None) -> ShopTerms:
    """A draft that starts from the text of this version. Raises `ActionRefused` if there is a draft already."""
    if any(each.is_draft for each in version.versions.select_for_update()):
        raise ActionRefused("There is a draft of the next version already.")
    draft = ShopTerms.objects.create(
        document=version.document, number=version.versions.next_number(), text=version.text
    )
    record(action="shop.terms.drafted", about=draft, actor=actor)
    return draft
