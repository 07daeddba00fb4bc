"""Answers that staff have begun and not sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, personal_data
from privacy.registry.growth import DeletedWith
from privacy.registry.purposes import Purpose

from .inquiry import Inquiry
from .live_threads import LiveThreads
from .reply import AS_THE_MESSAGE


@personal_data(
    label="Answers to you that we have begun and not sent",
    purpose=Purpose.ANSWER_INQUIRY,
    also_for=(Purpose.QUOTE, Purpose.ORDER, Purpose.PRIVACY_REQUEST),
    columns={"body": "draft"},
    other_columns="id inquiry_id author_id saved_at",
    found_by=("inquiry__email_index",),
    retention=AS_THE_MESSAGE,
    erasure=Erasure.DELETE,
    source="written by our staff",
    recipients="nobody",
    growth=DeletedWith("inquiry"),
)
class Draft(SealedModel):
    """One for each message and colleague; deleted when its answer is sent."""

    inquiry = models.ForeignKey(Inquiry, on_delete=models.CASCADE, related_name="drafts")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    body = SealedTextField(max_length=20_000)
    saved_at = models.DateTimeField(default=timezone.now)

    objects = LiveThreads()

    class Meta:
        ordering = ["saved_at"]
        constraints = [
            models.UniqueConstraint(fields=["inquiry", "author"], name="contacts_one_draft_per_colleague"),
        ]

    @property
    def purpose(self) -> Purpose:
        return self.inquiry.purpose
