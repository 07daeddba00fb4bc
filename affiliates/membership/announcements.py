"""Mails staff's announcements to the affiliates who chose to get them: each once, by a constraint."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from affiliates.mails import ANNOUNCEMENT
from affiliates.models import Affiliate, Announcement, AnnouncementNotice
from privacy.mail.sending import notify

AT_ONCE = 500  # affiliates per housekeeping run


def mail_announcements(*, now: datetime) -> int:
    """Returns how many were mailed."""
    mailed = 0
    for announcement in Announcement.objects.current(now).filter(is_mailed=True).order_by("shown_from", "pk"):
        told = announcement.notices.values("affiliate")
        waiting = Affiliate.objects.active().filter(mail_news=True).exclude(pk__in=told).select_related("user")
        for affiliate in waiting.order_by("joined_at", "pk")[: AT_ONCE - mailed]:
            mailed += _mail(announcement, affiliate)
    return mailed


@transaction.atomic
def _mail(announcement: Announcement, affiliate: Affiliate) -> bool:
    notice, is_new = AnnouncementNotice.objects.get_or_create(affiliate=affiliate, announcement=announcement)
    text = announcement.text.replace("](/", f"]({settings.SITE_URL}/")  # a mail has no address of its own
    context = {"name": affiliate.user.get_short_name(), "title": announcement.title, "text": text}
    return is_new and notify(ANNOUNCEMENT, to=affiliate.user.email, about=notice, context=context)
