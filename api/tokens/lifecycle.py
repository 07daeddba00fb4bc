"""Signal receivers: whatever signs an account out everywhere revokes its tokens, too.

Somebody who knows the password can make a token. A new password, a new or reset second factor, "sign out everywhere
else" and a closed account therefore end them all, and programs need a new one.
"""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.dispatch import receiver

from accounts.models.session import signed_out_everywhere
from api.models import ApiToken
from privacy.audit.trail import record_many
from privacy.registry.purpose_binding import upkeep
from privacy.signals import database_restored


@receiver(signed_out_everywhere)
@upkeep
def revoke_tokens_of_account(*, user: models.Model, **news: Any) -> None:
    revoke_all(ApiToken.objects.of(user))


@receiver(database_restored)
def revoke_all_tokens(**news: Any) -> str:
    """Because some were revoked since the backup."""
    return f"API tokens revoked: {revoke_all(ApiToken.objects.order_by('pk'))}."


@transaction.atomic
def revoke_all(tokens: models.QuerySet[ApiToken]) -> int:
    """By the site itself. Returns how many."""
    rows = list(tokens.only("pk"))
    if rows:
        ApiToken.objects.filter(pk__in=[row.pk for row in rows]).delete()
        record_many(action="api.token.revoked", about=rows, actor=None)
    return len(rows)
