"""A click on an affiliate's link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from operator import attrgetter
from typing import Any

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.fields import SealedField
from privacy.encryption.models import SealedModel, uuid7
from privacy.keystore.day_keys import KeyDestroyed
from privacy.keystore.fields import DaySealedTextField
from privacy.registry.declarations import Erasure, Retention, Use, personal_data
from privacy.registry.expiring import LiveManager
from privacy.registry.policy_gate import GatedCharField
from privacy.registry.purposes import Audience, Purpose

from .affiliate import Affiliate
from .async_commit import insert_asynchronously
from .consent import require_consent

REFERRAL_LIFE = timedelta(days=30)  # of the cookie, of the row, of the right to a commission


@personal_data(
    label="Your visit through an affiliate's link",
    purpose=Purpose.REFERRAL_TRACKING,
    columns={"address": "network address", "cookie_digest": "fingerprint of the cookie"},
    circumstances={"landing_path": "page you came to", "clicked_at": "when"},
    other_columns="id affiliate_id landing_path label_id clicked_at expires_at same_address counted",
    seen_by=frozenset({Audience.PERSON}),
    uses=(
        # Link statistics are sums, and the affiliate's way to check what is paid (ADR 40).
        Use(
            purpose=Purpose.REFERRAL_TRACKING,
            audience=Audience.AFFILIATE,
            told="the affiliate sees how many visits there were on a day, by page and by campaign label, and in which"
            " hours there were several",
            columns=frozenset({"id", "affiliate_id", "landing_path", "label_id", "clicked_at", "counted"}),
        ),
    ),
    bound=True,
    found_by=("attribution__order__email_index",),
    retention=Retention(text="30 days after the click", since="expires_at"),
    erasure=Erasure.DELETE,
    source="your click on an affiliate's link",
    recipients="nobody; the affiliate sees a count, never a visitor",
    withheld=frozenset({"cookie_digest"}),
)
class Click(SealedModel):
    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="clicks", db_index=False)
    cookie_digest = GatedCharField(max_length=64)  # never searched for: the cookie contains the row's id
    address = DaySealedTextField("network address", null=True, day_of="clicked_at")
    landing_path = models.CharField(max_length=300)
    # The campaign label, by its id only: a constraint or an index would make each click more expensive.
    label = models.ForeignKey(
        "affiliates.Label",
        on_delete=models.DO_NOTHING,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    clicked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    same_address = models.BooleanField("an order came from the same address", null=True)  # the latest one
    counted = models.BooleanField("included in the statistics of its day", default=False)

    objects = LiveManager()

    class Meta:
        ordering = ["-clicked_at"]
        # Each index makes every click more expensive: this one finds uncounted clicks, `expires_at` expired ones.
        indexes = [models.Index(fields=["affiliate"], condition=Q(counted=False), name="clicks_to_count")]

    def insert(self, *, agreed: bool = False) -> None:
        """`save(force_insert=True)` in a third of the time: one round trip, a statement that is built once, and no
        waiting for the disk. Inserted twice, it is one row. `agreed`: the visitor has said yes to it. Raises
        `StorageNotAllowed`."""
        require_consent(agreed=agreed)
        values = [value(self) for value in _value_getters(connection.vendor)]
        insert_asynchronously(self._meta.db_table, _column_names(), values)

    def readable_address(self) -> str | None:
        """None if it was unknown, or if the key of its day is destroyed."""
        try:
            address: str | None = self.address
        except KeyDestroyed:
            return None
        return address


def _click_columns() -> list[models.Field[Any, Any]]:
    return list(Click._meta.local_concrete_fields)


@cache
def _value_getters(vendor: str) -> list[Callable[[Click], Any]]:
    """A function per column that returns its value. Fields that pass their value on unchanged are not called for each
    click."""
    sample = Click(affiliate_id=uuid7(), label_id=uuid7(), expires_at=timezone.now())
    return [_value_getter(field, passes_on=_passes_value_on(field, sample)) for field in _click_columns()]


def _passes_value_on(field: models.Field[Any, Any], sample: Click) -> bool:
    """Never true for a personal column, which asks the policy gate about each value."""
    if isinstance(field, (SealedField, GatedCharField)):
        return False
    value = sample.__dict__[field.attname]
    return field.get_db_prep_save(value, connection) is value


def _value_getter(field: models.Field[Any, Any], *, passes_on: bool) -> Callable[[Click], Any]:
    if passes_on:
        return attrgetter(field.attname)
    return lambda click: field.get_db_prep_save(field.pre_save(click, True), connection)


@cache
def _column_names() -> tuple[str, ...]:
    return tuple(str(field.column) for field in _click_columns())
