"""Fingerprints: identify a person without storing an address, in opt-outs, records and tombstones."""

from __future__ import annotations

from typing import Any

from django.db import models

from .fields import SealedTextField
from .normalization import (
    address_fingerprint,
    code_fingerprint,
    code_look_fingerprint,
    email_fingerprint,
    phone_fingerprint,
)


class NormalForm(models.IntegerChoices):
    """The normal form of the address that a fingerprint was computed from. Fingerprints of the former one can't be
    recomputed, because only the hash is left (ADR 24)."""

    FORMER = 1, "before ADR 24"
    PRESENT = 2, "since ADR 24"


def normal_form_field() -> models.PositiveSmallIntegerField[Any, Any]:
    """For tables that contain only a fingerprint. Rows older than this column have the former normal form."""
    return models.PositiveSmallIntegerField(
        choices=NormalForm, default=NormalForm.PRESENT, db_default=NormalForm.FORMER, editable=False
    )


FINGERPRINTS = {
    "email": email_fingerprint,
    "phone": phone_fingerprint,
    "address": address_fingerprint,
    "code": code_fingerprint,
    "code_look": code_look_fingerprint,
}


class FingerprintField(SealedTextField):
    """Takes an email address (or what `of` names) and stores only its fingerprint, sealed.

    Look it up through a `BlindIndexField` with `normalize="email_fingerprint"`, by the address itself:
    `Suppression.objects.filter(email_index="a@example.org")`.
    """

    def __init__(self, *args: Any, of: str = "email", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = of

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        if self.of != "email":
            kwargs["of"] = self.of
        return name, path, args, kwargs

    def encode_value(self, value: str) -> bytes:
        return super().encode_value(FINGERPRINTS[self.of](value))
