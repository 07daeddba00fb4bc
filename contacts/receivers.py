"""News from the privacy floor, and what this app does with it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from privacy.models import PrivacyRequest
from privacy.signals import request_closed

from .inquiries import mark_answered
from .models import Inquiry


@receiver(request_closed)
def answer_its_message(*, request: PrivacyRequest, **kwargs: Any) -> None:
    """A complaint that came by the contact form waits in the inbox too; one answer ends both."""
    for inquiry in Inquiry.objects.filter(privacy_request=request):
        mark_answered(inquiry=inquiry)
