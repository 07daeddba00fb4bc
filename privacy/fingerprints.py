"""A person without an address: the sealed fingerprint by which opt-outs, records and tombstones are found."""

from __future__ import annotations

from .encryption.fields import SealedTextField
from .encryption.normalise import email_fingerprint


class FingerprintField(SealedTextField):
    """Takes an e-mail address and stores its fingerprint alone, sealed.

    A `BlindIndexField` that follows it, with `normalise="email_fingerprint"`, is asked with the address itself:
    `Suppression.objects.filter(email_index="a@example.org")`.
    """

    def serialise(self, value: str) -> bytes:
        return super().serialise(email_fingerprint(value))
