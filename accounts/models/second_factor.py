"""Authenticator apps, based on django-otp's devices, with sealed secrets; and recovery codes, stored as hashes.

django-otp's own TOTP and static devices store secrets in clear text: a copy of the database would suffice to sign in.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from privacy.encryption.fields import SealedBinaryField
from privacy.encryption.models import SealedModel
from privacy.encryption.readable_codes import random_code
from privacy.encryption.tokens import hash_token
from privacy.registry.declarations import Erasure, Retention, personal_data
from privacy.registry.growth import DeletedWith
from privacy.registry.policy_gate import GatedCharField
from privacy.registry.purposes import Purpose

SECRET_BYTES = 20  # RFC 4226: as long as the output of SHA-1
TOLERANCE = 1  # steps of 30 seconds that a phone's clock may be off
CODES = 10  # recovery codes of one person
CODE_LENGTH = 24  # 118 bits: from 112 on, OWASP ASVS 6.5.2 allows a plain digest


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


@personal_data(
    label="Your authenticator app",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"key": "secret shared with the app"},
    other_columns=("id user_id confirmed added_at last_step throttling_failure_timestamp throttling_failure_count"),
    found_by=("user__email_index",),
    retention=Retention(text="until you remove it, or as long as you have the account"),
    erasure=Erasure.DELETE,
    source="created by us when you set it up",
    recipients="nobody",
    withheld=frozenset({"key"}),
    unlisted=frozenset({"last_step", "throttling_failure_timestamp", "throttling_failure_count"}),
    growth=DeletedWith("user"),
)
class Authenticator(SealedModel, ThrottlingMixin, Device):  # type: ignore[misc]  # no types in django-otp
    """One per person, plus one while it is being set up. After a wrong code, codes are refused for a period that
    doubles each time. Only someone who knows the password gets that far, so strangers can't lock out the owner."""

    name = None  # django-otp's device name would be personal data
    key = SealedBinaryField(default=new_secret, editable=False)
    added_at = models.DateTimeField("added", default=timezone.now)
    last_step = models.BigIntegerField("time step of the last code", default=-1)  # a code works once

    objects = models.Manager()

    class Meta:
        verbose_name = "authenticator"
        constraints = [models.UniqueConstraint(fields=["user", "confirmed"], name="one_authenticator_per_person")]

    def get_throttle_factor(self) -> int:
        return 1  # seconds after the first wrong code

    def verify_token(self, token: str) -> bool:
        """Whether the code is valid and unused. Lock the row first, because requests may be concurrent."""
        allowed, _ = self.verify_is_allowed()
        if not allowed:
            return False
        totp = TOTP(self.key)
        totp.time = timezone.now().timestamp()
        is_code = len(token) == 6 and token.isascii() and token.isdecimal()
        if not is_code or not totp.verify(int(token), TOLERANCE, self.last_step + 1):
            self.throttle_increment()
            return False
        self.last_step = totp.t()
        self.throttle_reset(commit=False)
        self.save()
        return True

    @property
    def secret_text(self) -> str:
        """The secret in groups of four characters, for typing into an app."""
        text = b32encode(self.key).decode()
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))

    @property
    def provisioning_uri(self) -> str:
        """The QR code's content (Google Authenticator's Key Uri Format). Names the site, not the person."""
        issuer = settings.BUSINESS["short_name"]
        label = quote(f"{issuer}:{'staff' if self.user.is_staff else 'affiliate'}")
        return f"otpauth://totp/{label}?{urlencode({'secret': b32encode(self.key).decode(), 'issuer': issuer})}"


@personal_data(
    label="Your recovery codes",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"code_digest": "hash of a recovery code"},
    other_columns="id user_id",
    found_by=("user__email_index",),
    retention=Retention(text="until it is used, or you create new ones"),
    erasure=Erasure.DELETE,
    source="created by us when you set up an authenticator app",
    recipients="nobody",
    withheld=frozenset({"code_digest"}),
    growth=DeletedWith("user"),
)
class RecoveryCode(SealedModel):
    """Works once, instead of a code from the app."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes")
    code_digest = GatedCharField(max_length=64)

    class Meta:
        verbose_name = "recovery code"
        constraints = [models.UniqueConstraint(fields=["user", "code_digest"], name="a_recovery_code_once")]


def normalize_recovery_code(code: str) -> str:
    """A recovery code in its issued form, regardless of how it was typed."""
    return "".join(character for character in code.upper() if character.isalnum())


@transaction.atomic
def make_recovery_codes(user: models.Model) -> list[str]:
    """Replaces the user's recovery codes and returns the new ones. They can't be retrieved later."""
    RecoveryCode.objects.filter(user_id=user.pk).delete()
    codes = [random_code(CODE_LENGTH) for _ in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user_id=user.pk, code_digest=hash_token(code)) for code in codes)
    return ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes]


def use_recovery_code(user: models.Model, code: str) -> bool:
    """Whether the code was valid. Deletes it, so that of two concurrent requests only one succeeds."""
    used = RecoveryCode.objects.filter(user_id=user.pk, code_digest=hash_token(normalize_recovery_code(code))).delete()[
        0
    ]
    return bool(used)


def authenticator_of(user: models.Model) -> Authenticator | None:
    found: Authenticator | None = Authenticator.objects.filter(user_id=user.pk, confirmed=True).first()
    return found


@transaction.atomic
def is_valid_code(user: models.Model, code: str) -> bool:
    """Whether this is a valid code of the user's app. The row lock serializes concurrent guesses."""
    device = Authenticator.objects.select_for_update().filter(user_id=user.pk, confirmed=True).first()
    return device is not None and device.verify_token("".join(code.split()))
