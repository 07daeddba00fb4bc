"""The model of archives and deletion reports, which people download."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.encryption.fields import SealedBinaryField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.expiring import LiveManager
from privacy.registry.purposes import Purpose

from .request import PrivacyRequest


@personal_data(
    label="Archives and reports ready for download",
    purpose=Purpose.PRIVACY_REQUEST,
    columns={"content": "the archive or report itself"},
    other_columns="id request_id link_digest created_at expires_at",
    found_by=("request__email_index",),
    retention=Retention(text="7 days", since="expires_at"),
    erasure=Erasure.DELETE,
    source="created by this site to answer your request",
    recipients="you",
    withheld=frozenset({"content"}),
    withheld_because="you download it through its own link, and an archive can't contain itself",
)
class AccessArchive(SealedModel):
    """The sealed answer to a request, downloaded through its link: an access archive or a deletion report."""

    request = models.OneToOneField(PrivacyRequest, on_delete=models.CASCADE, related_name="archive")
    content = SealedBinaryField()
    link_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    objects = LiveManager()

    class Meta:
        verbose_name = "archive"
