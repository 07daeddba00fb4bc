"""A person without an address: the sealed fingerprint by which opt-outs, records and tombstones are found."""

from __future__ import annotations

from typing import Any

from django.db import models

from .fields import SealedTextField
from .normalization import address_fingerprint, code_fingerprint, email_fingerprint, phone_fingerprint


class NormalForm(models.IntegerChoices):
    """Which normal form of an address a fingerprint was made of. Of the former one nothing else is left, so it can't be
    made anew (ADR 24)."""

    FORMER = 1, "before ADR 24"
    PRESENT = 2, "since ADR 24"


def normal_form_field() -> models.PositiveSmallIntegerField[Any, Any]:
    """For tables that act on nothing but a fingerprint. Rows that were there before it are of the former form."""
    return models.PositiveSmallIntegerField(
        choices=NormalForm, default=NormalForm.PRESENT, db_default=NormalForm.FORMER, editable=False
    )


FINGERPRINTS = {
    "email": email_fingerprint,
    "phone": phone_fingerprint,
    "address": address_fingerprint,
    "code": code_fingerprint,
}


class FingerprintField(SealedTextField):
    """Takes an e-mail address (or what `of` names) and stores its fingerprint alone, sealed.

    A `BlindIndexField` that follows it, with `normalize="email_fingerprint"`, is asked with the address itself:
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

    def serialise(self, value: str) -> bytes:
        return super().serialise(FINGERPRINTS[self.of](value))
