"""Files that people send with a message."""

from __future__ import annotations

import re
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.fields import SealedBinaryField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import ByOthers, Erasure, personal_data
from privacy.registry.growth import DeletedWith
from privacy.registry.purposes import Purpose

from .live_threads import is_kept
from .others_mail import ConversationKey, detach_or_delete
from .reply import AS_THE_MESSAGE


class LiveAttachments(models.Manager[Any]):
    """Hides files that expired with their message or with a mail that is in no thread."""

    def get_queryset(self) -> models.QuerySet[Any]:
        now = timezone.now()
        in_a_thread = Q(inquiry__isnull=False) & is_kept("inquiry__keep_until", now)
        return super().get_queryset().filter(in_a_thread | Q(inquiry=None, incoming_mail__keep_until__gt=now))


# A mail's own text as it came, which repeats what the mail quotes, and mails in the mail.
WITH_QUOTES = re.compile(r"message\..*|.*\.(html?|eml)", re.IGNORECASE)


def leave_others_files(collector: Any, field: Any, rows: Any, using: str) -> None:
    """Of the mails that stay (`leave_others_mails`); but nothing that may quote the thread."""
    others = Attachment._base_manager.filter(pk__in=[row.pk for row in rows], incoming_mail__is_from_other=True)
    staying = [file for file in others.defer("content") if not WITH_QUOTES.fullmatch(file.file_name)]
    detach_or_delete(collector, field, rows, using, staying=staying, changes={})


@personal_data(
    label="Files you sent with a message",
    purpose=Purpose.ANSWER_INQUIRY,
    also_for=(Purpose.QUOTE, Purpose.ORDER, Purpose.PRIVACY_REQUEST),
    asked_when={"name": "if you attach a file", "content": "if you attach a file"},
    columns={"name": "file name", "content": "file"},
    other_columns="id inquiry_id incoming_mail_id correspondence_id content_type size added_at",
    found_by=("inquiry__email_index", "incoming_mail__sender_index"),
    retention=AS_THE_MESSAGE,
    erasure=Erasure.DELETE,
    circumstances={"size": "size in bytes"},
    by_others=ByOthers(author="incoming_mail__sender_index"),
    source="the contact form, your email or letter",
    recipients="nobody",
    growth=DeletedWith("inquiry"),
)
class Attachment(SealedModel):
    """A file, sealed in the database: nothing is written to the file system. A mail's file has no inquiry until the
    mail is filed."""

    inquiry = ConversationKey("contacts.Inquiry", on_delete=leave_others_files, null=True, related_name="attachments")
    incoming_mail = models.ForeignKey(
        "contacts.IncomingMail", on_delete=models.CASCADE, null=True, related_name="attachments"
    )
    correspondence = models.ForeignKey(
        "contacts.Correspondence", on_delete=models.CASCADE, null=True, related_name="attachments"
    )
    name = SealedTextField("file name", max_length=150)
    content = SealedBinaryField()
    content_type = models.CharField("type", max_length=80)
    size = models.PositiveIntegerField(help_text="bytes")
    added_at = models.DateTimeField("added", default=timezone.now)

    objects = LiveAttachments()

    class Meta:
        ordering = ["added_at", "id"]

    @property
    def file_name(self) -> str:
        """The download's name in browsers and access archives; `name` was cleaned when the file was received."""
        name: str = self.name
        return name

    @property
    def is_shown(self) -> bool:
        """Whether pages show it. A file from an email is only downloaded."""
        return self.content_type.startswith("image/") and self.incoming_mail_id is None
