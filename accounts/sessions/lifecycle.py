"""Signal receivers: store session facts at sign-in, and end sessions when an account changes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.models.session import Session, end_sessions
from privacy.admin_base.reauthentication import mark_confirmed
from privacy.signals import database_restored

from .browsers import browser_name
from .store import BROWSER, IS_STAFF, SIGNED_IN_AT


@receiver(user_logged_in)
def record_sign_in(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    request.session[SIGNED_IN_AT] = int(timezone.now().timestamp())
    mark_confirmed(request)
    request.session[IS_STAFF] = user.is_staff
    request.session[BROWSER] = browser_name(request.headers.get("User-Agent", ""))


@receiver(post_save, sender=User)
def end_sessions_after_account_change(
    *, instance: User, created: bool, update_fields: Any = None, **kwargs: Any
) -> None:
    """Ends all sessions of a closed account, and makes an affiliate who joins the staff sign in again."""
    if created or (update_fields and not {"is_active", "is_staff"}.intersection(update_fields)):
        return
    if not instance.is_active:
        end_sessions(instance)
    elif instance.is_staff:
        Session.objects.of(instance).filter(is_staff=False).delete()


@receiver(database_restored)
def end_all_sessions(**news: Any) -> str:
    """Ends all sessions, because users may have signed out or lost access since the backup."""
    return f"Sessions ended: {Session.objects.all().delete()[0]}."
