"""Calls, letters and emails logged by staff."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, personal_data
from privacy.registry.growth import DeletedWith
from privacy.registry.purposes import Channel, Purpose

from .inquiry import Inquiry
from .live_threads import LiveThreads
from .reply import AS_THE_MESSAGE


@personal_data(
    label="Calls, letters and emails about your messages",
    purpose=Purpose.ANSWER_INQUIRY,
    also_for=(Purpose.QUOTE, Purpose.ORDER, Purpose.PRIVACY_REQUEST),
    columns={"notes": "what was said or written"},
    other_columns="id inquiry_id author_id way purpose happened_at logged_at",
    found_by=("inquiry__email_index",),
    retention=AS_THE_MESSAGE,
    erasure=Erasure.DELETE,
    source="logged by our staff",
    recipients="nobody",
    growth=DeletedWith("inquiry"),
)
class Correspondence(SealedModel):
    """A call, letter or email outside this site's mail gate, logged by staff."""

    class Way(models.TextChoices):
        MAIL_IN = "mail_in", "email received"
        CALL_IN = "call_in", "call received"
        CALL_OUT = "call_out", "call made"
        LETTER_IN = "letter_in", "letter received"
        LETTER_OUT = "letter_out", "letter sent"

    # Outgoing contact needs permission; incoming never does.
    OUTGOING = {Way.CALL_OUT: Channel.PHONE, Way.LETTER_OUT: Channel.LETTER}
    PURPOSES = (Purpose.ANSWER_INQUIRY, Purpose.QUOTE, Purpose.ORDER, Purpose.PRIVACY_REQUEST)

    inquiry = models.ForeignKey(Inquiry, on_delete=models.CASCADE, related_name="correspondence")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    way = models.CharField("what happened", max_length=10, choices=Way)
    purpose = models.CharField(
        max_length=20, choices=[(purpose.value, purpose.label) for purpose in PURPOSES], default=Purpose.ANSWER_INQUIRY
    )
    happened_at = models.DateTimeField("when", default=timezone.now)
    notes = SealedTextField(max_length=20_000)
    logged_at = models.DateTimeField("logged", default=timezone.now)

    objects = LiveThreads()

    class Meta:
        ordering = ["happened_at"]
        verbose_name = "call, letter or email"
        verbose_name_plural = "calls, letters and emails"

    @property
    def is_incoming(self) -> bool:
        return self.way not in self.OUTGOING
