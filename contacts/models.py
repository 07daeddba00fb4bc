"""Questions people ask, and the answers they get."""

from __future__ import annotations

import re
import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.purposes import Purpose
from privacy.registry import Erasure, Retention, personal_data
from privacy.sealed_models import SealedModel

KEPT = Retention(text="2 years after you wrote", since="received_at", days=730)


ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without look-alikes, easy to read out over a telephone
REFERENCE = re.compile(rf"Q-[{ALPHABET}]{{6}}")


def new_reference() -> str:
    return "Q-" + "".join(secrets.choice(ALPHABET) for _ in range(6))


@personal_data(
    label="Your messages to us",
    purpose=Purpose.ANSWER_INQUIRY,
    columns={
        "name": "name",
        "email": "e-mail address",
        "phone": "telephone number",
        "address": "postal address",
        "message": "message",
    },
    other_columns="id reference kind email_index phone_index state received_at answered_at",
    found_by=("email_index",),
    retention=KEPT,
    erasure=Erasure.DELETE,
    correctable={"name": "name", "phone": "tel", "address": "street-address"},
    source="the contact form",
    recipients="nobody",
)
class Inquiry(SealedModel):
    class Kind(models.TextChoices):
        QUESTION = "question", "A question"
        QUOTE = "quote", "A quote for a project"
        ORDER = "order", "Something about an order"
        COMPLAINT = "complaint", "A complaint about privacy"

    class State(models.TextChoices):
        OPEN = "open", "waiting for an answer"
        ANSWERED = "answered", "answered"
        CLOSED = "closed", "closed"

    reference = models.CharField(max_length=8, unique=True, default=new_reference, editable=False)
    kind = models.CharField("about", max_length=10, choices=Kind, default=Kind.QUESTION)
    name = SealedTextField(max_length=150)
    email = SealedEmailField("e-mail address")
    email_index = BlindIndexField("email", normalise="email")
    phone = SealedTextField("telephone number", max_length=40, blank=True)
    phone_index = BlindIndexField("phone", normalise="phone", null=True)
    address = SealedTextField("postal address", max_length=400, blank=True)
    message = SealedTextField(max_length=20_000)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-received_at"]
        verbose_name_plural = "inquiries"

    def __str__(self) -> str:
        return f"inquiry {self.reference}"


@personal_data(
    label="Our answers to you",
    purpose=Purpose.ANSWER_INQUIRY,
    columns={"body": "answer"},
    other_columns="id inquiry_id author_id sent_at",
    found_by=("inquiry__email_index",),
    retention=Retention(text="as long as the message that they answer"),
    erasure=Erasure.DELETE,
    source="written by our staff",
    recipients="you",
)
class Reply(SealedModel):
    inquiry = models.ForeignKey(Inquiry, on_delete=models.CASCADE, related_name="replies")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    body = SealedTextField(max_length=20_000)
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["sent_at"]
        verbose_name_plural = "replies"
