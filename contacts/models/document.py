"""Quotes and other files that staff prepare for the sender of a message."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from privacy.encryption.fields import SealedBinaryField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.growth import DeletedWith
from privacy.registry.purposes import Purpose

from .live_threads import LiveThreads


@personal_data(
    label="Documents prepared for you",
    purpose=Purpose.QUOTE,
    columns={"name": "file name", "content": "file"},
    other_columns="id inquiry_id author_id content_type size added_at link_digest link_expires_at sent_at fetched_at",
    found_by=("inquiry__email_index",),
    retention=Retention(text="as long as the message they belong to"),
    erasure=Erasure.DELETE,
    circumstances={"size": "size in bytes"},
    source="written by our staff",
    recipients="you",
    growth=DeletedWith("inquiry"),
)
class Document(SealedModel):
    """A file, sealed in the database: nothing is written to the file system."""

    inquiry = models.ForeignKey("contacts.Inquiry", on_delete=models.CASCADE, related_name="documents")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    name = SealedTextField("file name", max_length=150)
    content = SealedBinaryField()
    content_type = models.CharField("type", max_length=80)
    size = models.PositiveIntegerField(help_text="bytes")
    added_at = models.DateTimeField("added", default=timezone.now)
    link_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    link_expires_at = models.DateTimeField("link works until", null=True, editable=False)
    sent_at = models.DateTimeField("link sent", null=True, editable=False)
    fetched_at = models.DateTimeField("first fetched", null=True, editable=False)

    objects = LiveThreads()

    class Meta:
        ordering = ["added_at"]

    @property
    def file_name(self) -> str:
        """The download's name in browsers and access archives; `name` was cleaned when the document was added."""
        name: str = self.name
        return name

    def link_works(self, now: datetime) -> bool:
        return self.link_expires_at is not None and now < self.link_expires_at
