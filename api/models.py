"""Tokens with which programs read the API."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.purposes import Purpose

from .scopes import Scope


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def of(self, user: models.Model) -> ApiTokenQuerySet:
        return self.filter(owner_id=user.pk).order_by("-made_at", "-pk")

    def working(self, now: datetime) -> ApiTokenQuerySet:
        return self.filter(expires_at__gt=now)


@personal_data(
    label="Your API tokens",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    also_for=(Purpose.STAFF_ACCOUNT,),
    columns={"name": "name"},
    other_columns="id owner_id digest scopes made_at expires_at last_used_on",
    found_by=("owner__email_index",),
    retention=Retention(text="until you revoke it, or 30 days after it expires", since="expires_at", days=30),
    erasure=Erasure.DELETE,
    circumstances={
        "scopes": "what it may read",
        "made_at": "made at",
        "expires_at": "expires at",
        "last_used_on": "day of its last use",
    },
    unlisted=frozenset({"digest"}),
    source="the form in your account",
    recipients="nobody",
)
class ApiToken(SealedModel):
    """One token. Only its keyed digest is stored, which is of no use to whoever has a copy of the database."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = SealedTextField(max_length=60, null=True)
    digest = models.CharField(max_length=64, unique=True)  # `api.tokens.digests`
    scopes = models.CharField("may read", max_length=200)
    made_at = models.DateTimeField("made", default=timezone.now)
    expires_at = models.DateTimeField("expires", db_index=True)
    last_used_on = models.DateField("last used on", null=True)  # in UTC; written once a day

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"API token {str(self.pk)[-8:]}"

    @property
    def purpose(self) -> Purpose:
        return self.owner.purpose

    @property
    def staff_label(self) -> str:
        return f"API token of {self.owner.staff_label}"

    @property
    def scope_labels(self) -> list[str]:
        """What it may read, in words."""
        return [Scope(scope).label for scope in self.scopes.split()]

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    def may_read(self, scope: Scope) -> bool:
        return scope in self.scopes.split()
