"""The same row three times: in clear text, sealed, and with a well-known library's encrypted fields."""

from __future__ import annotations

from django.db import models
from encrypted_fields.fields import EncryptedTextField

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedEmailField, SealedTextField
from privacy.encryption.models import SealedModel, UUID7Field
from privacy.registry.declarations import declare_table
from privacy.registry.growth import STAFF


class PlainRow(models.Model):
    id = UUID7Field(primary_key=True)
    name = models.TextField()
    email = models.TextField()
    message = models.TextField()

    def __str__(self) -> str:
        return str(self.pk)


class SealedRow(SealedModel):
    name = SealedTextField()
    email = SealedEmailField()
    message = SealedTextField()


class FernetRow(models.Model):
    id = UUID7Field(primary_key=True)
    name = EncryptedTextField()
    email = EncryptedTextField()
    message = EncryptedTextField()

    def __str__(self) -> str:
        return str(self.pk)


class PlainPerson(models.Model):
    """A plain indexed lookup."""

    id = UUID7Field(primary_key=True)
    email = models.CharField(max_length=254, db_index=True)

    def __str__(self) -> str:
        return str(self.pk)


class PlainClick(models.Model):
    """A click's columns in clear text, with the index that Django gives a foreign key."""

    id = UUID7Field(primary_key=True)
    affiliate_id = models.UUIDField(db_index=True)
    cookie_digest = models.CharField(max_length=64)
    address = models.CharField(max_length=64)
    landing_path = models.CharField(max_length=300)
    referring_domain = models.CharField(max_length=253)
    sub = models.CharField(max_length=64)
    clicked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    counted = models.BooleanField()

    def __str__(self) -> str:
        return str(self.pk)


class SealedPerson(SealedModel):
    """The same lookup through a blind index."""

    email = SealedEmailField()
    email_index = BlindIndexField("email", normalize="email")


for model in (PlainRow, SealedRow, FernetRow, PlainPerson, PlainClick, SealedPerson):
    columns = " ".join(f.column for f in model._meta.concrete_fields)
    declare_table(model._meta.db_table, "made up for the benchmark", columns, growth=STAFF)
