"""Files that visitors send with the contact form: stored sealed, and opened by staff only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from contacts.models import Attachment, Correspondence, Inquiry
from privacy.web.rate_limits import DAY, has_room, network_of

from .file_validation import ATTACHMENT_TYPES, MAX_BYTES, FileRefused, SniffedFile, sniff

MAX_FILES = 3  # of one message
A_DAY = 60  # messages with files a day, from everybody: at most 900 MB
A_DAY_PER_NETWORK = 6
_MEGABYTES = MAX_BYTES // 1_000_000


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class AttachmentsField(forms.FileField):
    """Up to `MAX_FILES` files, cleaned to a list of `SniffedFile`. Each error names its file, because a browser sends
    all of them again."""

    most = MAX_FILES
    who = "our staff can open them"

    def __init__(self, **options: Any) -> None:
        attrs = {"multiple": True, "accept": ",".join(ATTACHMENT_TYPES), "data-max-bytes": MAX_BYTES}
        super().__init__(
            required=False,
            widget=SeveralFiles(attrs=attrs),
            help_text=f"Up to {self.most} files of at most {_MEGABYTES} MB each: pictures, PDF or text. They are"
            f" encrypted, and only {self.who}.",
            **options,
        )

    def clean(self, data: Any, initial: Any = None) -> Any:
        files: Sequence[UploadedFile[bytes]] = [file for file in data or () if file]
        if len(files) > self.most:
            raise ValidationError(f"You chose {len(files)} files. Attach at most {self.most}.")
        return [_sniffed(file) for file in files]


class ScansField(AttachmentsField):
    """The pages of a letter, or notes of a call, in the staff's forms."""

    most = 4  # as many as one request may hold (FILE_UPLOAD_MAX_MEMORY_SIZE)
    who = "colleagues who may read messages can open them"


def _sniffed(file: UploadedFile[bytes]) -> SniffedFile:
    if file.size and file.size > MAX_BYTES:  # checked before reading it into memory
        raise ValidationError(f"“{file.name}” is too large: at most {_MEGABYTES} MB.")
    try:
        return sniff(name=file.name or "", content=file.read(), types=ATTACHMENT_TYPES)
    except FileRefused as refusal:
        raise ValidationError(f"“{file.name}”: {refusal}") from None


def may_attach(address: str | None, *, now: datetime) -> bool:
    """Whether a visitor at this IP address may send a message with files. The limits protect the disk."""
    mine = has_room("attachments network", network_of(address), slots=A_DAY_PER_NETWORK, now=now, window=DAY)
    return mine and has_room("attachments", "everybody", slots=A_DAY, now=now, window=DAY)


def add_attachments(
    *, inquiry: Inquiry, files: Sequence[SniffedFile], correspondence: Correspondence | None = None
) -> None:
    """Stores the files with a message, or a logged letter, that is stored already. Requires a transaction."""
    for file in files:
        attachment = Attachment(inquiry=inquiry, correspondence=correspondence, name=file.name, content=file.content)
        attachment.content_type, attachment.size = file.content_type, len(file.content)
        attachment.save()
