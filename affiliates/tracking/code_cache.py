"""A one-second cache for clicks: the affiliate and labels behind a code, and whether the purge is running.

A link in a newsletter with a thousand readers queries the database once per second and process, not a thousand times.
An affiliate who is suspended within that second earns nothing: attribution checks again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import FilteredRelation, Q
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from affiliates.models import CODE, LONGEST_LABEL, Affiliate, Label
from affiliates.models.affiliate import extract_code
from privacy.encryption.normalization import normalize_code
from privacy.erasure.heartbeat import has_purge_stopped
from privacy.models import Heartbeat
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Purpose

from .label_names import spelled

CACHED_FOR = timedelta(seconds=1)
MAX_CODES = 1000  # codes; anybody can invent more

_memory: dict[str, tuple[datetime, Any]] = {}


@dataclass(frozen=True)
class CachedCode:
    """An active affiliate and the labels of their links, by blind index, so that no label is kept in memory in clear
    text."""

    affiliate_id: UUID
    labels: Mapping[bytes, UUID]

    def label_id(self, typed: str) -> UUID | None:
        """The declared label in a link. Any other word counts as none and is not stored."""
        if not self.labels or not 0 < len(typed) <= LONGEST_LABEL:
            return None
        index: Any = Label._meta.get_field("name_index")
        found = (self.labels.get(bytes(candidate)) for candidate in index.candidates(spelled(typed)))
        return next((label for label in found if label is not None), None)


def cached_code(code: str) -> CachedCode | None:
    """The active affiliate behind a code in any spelling; None if there is none."""
    text = normalize_code(extract_code(code))
    if not CODE.fullmatch(text):
        return None
    found: CachedCode | None = _from_cache(text, lambda: _look_up(text))
    return found


def cached_old_link(parameter: str, value: str) -> str:
    """The present code of the active affiliate behind a link of a former program; empty if there is none."""
    text = normalize_code(value)
    found: str = _from_cache(f"{parameter}={text}", lambda: _look_up_old_link(parameter, text)) if text else ""
    return found


def is_purge_stalled() -> bool:
    stopped: bool = _from_cache("", lambda: has_purge_stopped(now=timezone.now()))
    return stopped


def clear_code_cache(**kwargs: Any) -> None:
    _memory.clear()


for _model in (Affiliate, Label, Heartbeat):
    post_save.connect(clear_code_cache, sender=_model)
post_delete.connect(clear_code_cache, sender=Label)


@reads("affiliates_affiliate", purpose=Purpose.AFFILIATE_ACCOUNT)
def _look_up(code: str) -> CachedCode | None:
    """One query: a row per label, or a single row without any."""
    with_labels = (
        Affiliate.objects.active()
        .spelled(code)
        .annotate(declared=FilteredRelation("labels", condition=Q(labels__archived_at=None)))
    )
    lines = list(with_labels.values_list("pk", "declared__name_index", "declared__pk"))
    return CachedCode(lines[0][0], {bytes(index): pk for _, index, pk in lines if index}) if lines else None


@reads("affiliates_affiliate", purpose=Purpose.AFFILIATE_ACCOUNT)
def _look_up_old_link(parameter: str, value: str) -> str:
    known = Affiliate.objects.active().filter(old_links__parameter=parameter, old_links__value_index=value)
    return known.values_list("code", flat=True).first() or ""


def _from_cache(name: str, ask: Callable[[], Any]) -> Any:
    now = timezone.now()
    at, answer = _memory.get(name, (None, None))
    if at is None or not at <= now < at + CACHED_FOR:
        answer = ask()
        if len(_memory) >= MAX_CODES:
            _memory.clear()
        _memory[name] = now, answer
    return answer
