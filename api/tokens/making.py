"""Making and revoking tokens."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.security_notices import Notice, notify_owner
from api.models import ApiToken
from api.scopes import write_scopes
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record

from .digests import digest, generate_api_token

MOST = 10  # tokens of one account, expired ones included
LIFETIMES = (7, 30, 90, 365)  # days


@transaction.atomic
def make_token(
    *, owner: User, name: str | None, scopes: Collection[str], days: int, now: datetime
) -> tuple[ApiToken, str]:
    """Returns the row and the token itself, which is stored nowhere, and emails the owner that one was made.

    `days` is one of `LIFETIMES`. Raises `ActionRefused` if the account has `MOST` already.
    """
    if days not in LIFETIMES:
        raise ValueError("a token expires after one of the offered times")
    User.objects.select_for_update().get(pk=owner.pk)  # two at once are counted one after the other
    if ApiToken.objects.of(owner).count() >= MOST:
        raise ActionRefused(f"An account can have {MOST} tokens. Revoke one that you don't need any more.")
    token = generate_api_token()
    row = ApiToken.objects.create(
        owner=owner,
        name=name or None,
        digest=digest(token),
        scopes=write_scopes(scopes),
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    notify_owner(owner, Notice.TOKEN_MADE)
    record(action="api.token.made", about=row, actor=owner)
    return row, token


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: User | None) -> bool:
    """Deletes it. False if it was revoked already."""
    pk = token.pk
    if not ApiToken.objects.filter(pk=pk).delete()[0]:
        return False
    record(action="api.token.revoked", about=token, actor=actor)
    return True


def own_token(owner: User, pk: UUID) -> ApiToken | None:
    return ApiToken.objects.of(owner).filter(pk=pk).first()
