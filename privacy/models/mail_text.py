"""The models of mail texts that staff write instead of the shipped ones."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import STAFF, Bounded


@not_personal(
    "texts for everybody who gets a mail of this kind, with variables instead of what concerns one person",
    "id kind subject body based_on",
    growth=Bounded("one row for each kind of mail"),
)
class MailText(models.Model):
    """A kind of mail. Empty texts: the shipped ones. `based_on` is the digest of the shipped text that staff saw."""

    id = UUID7Field(primary_key=True)
    kind = models.CharField("mail", max_length=60, unique=True, editable=False)
    subject = models.CharField(max_length=200, blank=True, default="")
    body = models.TextField("text", max_length=10_000, blank=True, default="")
    based_on = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        ordering = ["kind"]

    def __str__(self) -> str:
        return self.kind

    @property
    def is_own(self) -> bool:
        """Whether staff wrote any of it."""
        return bool(self.subject or self.body)


@not_personal(
    "earlier texts of mails",
    "id text_id number subject body written_by_id written_at",
    despite_link="the id of the member of staff who wrote it",
    growth=STAFF,
)
class MailTextVersion(models.Model):
    """What a text was after one change, numbered from 1. Empty texts: the shipped ones."""

    id = UUID7Field(primary_key=True)
    text = models.ForeignKey(MailText, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField("text", max_length=10_000, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["text", "number"], name="mail_text_versions_numbered")]

    def __str__(self) -> str:
        return f"version {self.number}"
