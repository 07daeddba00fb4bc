"""Replies to messages."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.growth import DeletedWith
from privacy.registry.purposes import Purpose

from .inquiry import Inquiry
from .live_threads import LiveThreads

AS_THE_MESSAGE = Retention(text="as long as the message they belong to")


@personal_data(
    label="Our answers to you",
    purpose=Purpose.ANSWER_INQUIRY,
    also_for=(Purpose.QUOTE, Purpose.ORDER, Purpose.PRIVACY_REQUEST),
    columns={"body": "answer"},
    other_columns="id inquiry_id author_id sent_at",
    found_by=("inquiry__email_index",),
    retention=AS_THE_MESSAGE,
    erasure=Erasure.DELETE,
    source="written by our staff",
    recipients="you",
    growth=DeletedWith("inquiry"),
)
class Reply(SealedModel):
    inquiry = models.ForeignKey(Inquiry, on_delete=models.CASCADE, related_name="replies")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    body = SealedTextField(max_length=20_000)
    sent_at = models.DateTimeField(default=timezone.now)

    objects = LiveThreads()

    class Meta:
        ordering = ["sent_at"]
        verbose_name_plural = "replies"

    @property
    def purpose(self) -> Purpose:
        return self.inquiry.purpose
