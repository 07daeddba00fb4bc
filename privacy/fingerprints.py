"""A person without an address: the sealed fingerprint by which opt-outs, records and tombstones are found."""

from __future__ import annotations

from typing import Any

from .encryption.fields import SealedTextField
from .encryption.normalise import address_fingerprint, email_fingerprint, phone_fingerprint

FINGERPRINTS = {"email": email_fingerprint, "phone": phone_fingerprint, "address": address_fingerprint}


class FingerprintField(SealedTextField):
    """Takes an e-mail address (or a telephone number, a postal address: `of`) and stores its fingerprint alone, sealed.

    A `BlindIndexField` that follows it, with `normalise="email_fingerprint"`, is asked with the address itself:
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
