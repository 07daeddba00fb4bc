"""Internal notes on messages."""

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
    label="Our internal notes on your messages",
    purpose=Purpose.ANSWER_INQUIRY,
    also_for=(Purpose.QUOTE, Purpose.ORDER, Purpose.PRIVACY_REQUEST),
    columns={"body": "note"},
    other_columns="id inquiry_id author_id written_at",
    found_by=("inquiry__email_index",),
    retention=AS_THE_MESSAGE,
    erasure=Erasure.DELETE,
    source="written by our staff",
    recipients="nobody",
    growth=DeletedWith("inquiry"),
)
class Note(SealedModel):
    """For colleagues. Never mailed, but part of the sender's access archive: it is about them."""

    inquiry = models.ForeignKey(Inquiry, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    body = SealedTextField("note", max_length=20_000)
    written_at = models.DateTimeField("written", default=timezone.now)

    objects = LiveThreads()

    class Meta:
        ordering = ["written_at"]
        verbose_name = "internal note"

    @property
    def purpose(self) -> Purpose:
        return self.inquiry.purpose
