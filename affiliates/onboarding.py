"""From an application to an affiliate with a sign-in."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from accounts.password_link import password_link_context
from privacy.mail import queue_mail

from .mails import APPLICATION_DECIDED, APPLICATION_RECEIVED
from .models import Affiliate, Application

TERMS_VERSION = "1"


@transaction.atomic
def receive_application(*, application: Application) -> None:
    """Stores the application with the terms that were accepted, and confirms it to the applicant."""
    application.terms_version = TERMS_VERSION
    application.save()
    queue_mail(APPLICATION_RECEIVED, to=application.email, about=application, context={})


@transaction.atomic
def approve_application(*, application: Application) -> Affiliate | None:
    """Makes the applicant an affiliate and mails the link to a first password. None when it was decided before."""
    if not _decide(application, Application.State.APPROVED):
        return None
    users = get_user_model().objects
    user = users.with_email(application.email) or users.create_user(application.email, name=application.name)
    affiliate, _ = Affiliate.objects.get_or_create(
        user=user,
        defaults={
            "payout_email": application.email,
            "website": application.website,
            "terms_version": application.terms_version,
        },
    )
    context = {"approved": True, "code": affiliate.code, **password_link_context(user)}
    queue_mail(APPLICATION_DECIDED, to=application.email, about=application, context=context)
    return affiliate


@transaction.atomic
def decline_application(*, application: Application, reason: str) -> bool:
    """Says no, with the reason. False when it was decided before."""
    if not _decide(application, Application.State.DECLINED, reason):
        return False
    queue_mail(APPLICATION_DECIDED, to=application.email, about=application, context={"approved": False})
    return True


def _decide(application: Application, state: str, reason: str = "") -> bool:
    decided = Application.objects.filter(pk=application.pk, state=Application.State.OPEN).update(
        state=state, decided_at=timezone.now(), decision=reason
    )
    application.refresh_from_db(fields=["state", "decided_at", "decision"])
    return bool(decided)
