"""People who sign in: staff and affiliates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar, NoReturn
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedDateTimeField
from privacy.encryption.fields import PlaintextRefused, SealedEmailField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.erasure.consequences import DeletionPrevented
from privacy.registry.declarations import Erasure, Retention, declare_table, personal_data
from privacy.registry.policy_gate import GatedCharField
from privacy.registry.purposes import Purpose


class LastAdministrator(DeletionPrevented):
    """Nobody could administer the site any more."""

    def __str__(self) -> str:
        return "This is the only account that can administer the site. Make somebody else a superuser first."


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        """Finds a user by e-mail address, however it is typed. Raises `User.DoesNotExist`."""
        return self.get(email_index=username or "")

    def with_email(self, email: str) -> User | None:
        return self.filter(email_index=email).first()

    def administrators(self) -> models.QuerySet[User]:
        """Who can administer the site."""
        return self.filter(**dict.fromkeys(User.ADMINISTERS, True))

    def lock_administrators(self) -> set[UUID]:
        """Their ids. Of two changes at once, the second one waits for the first and sees what it
        left: call it in a transaction."""
        return set(self.administrators().select_for_update().order_by("pk").values_list("pk", flat=True))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


@personal_data(
    everywhere="every page looks who is signed in",
    label="Your account",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={
        "email": "e-mail address",
        "name": "name",
        "password": "password",
    },
    other_columns="id last_login email_index is_active is_staff is_superuser joined_at",
    found_by=("email_index",),
    retention=Retention(text="as long as you have the account"),
    erasure=Erasure.REDACT,
    redacted={"password": "!", "is_active": False, "is_staff": False, "is_superuser": False},
    also_for=(Purpose.STAFF_ACCOUNT,),
    circumstances={
        "last_login": "last sign-in",
        "is_staff": "member of our staff",
        "is_superuser": "may do everything",
    },
    correctable={"name": "name"},
    source="your application, or the colleague who invited you",
    recipients="nobody",
    withheld=frozenset({"password"}),
)
class User(SealedModel, AbstractBaseUser, PermissionsMixin):
    """Signs in with an e-mail address, which is stored sealed and found by its blind index."""

    email = SealedEmailField("e-mail address", null=True)
    email_index = BlindIndexField("email", normalize="email", unique=True, null=True)
    name = SealedTextField(max_length=150, blank=True, null=True)
    password = GatedCharField("password", max_length=128)  # Django's own, behind the policy gate
    is_active = models.BooleanField("active", default=True)
    is_staff = models.BooleanField("staff", default=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    ADMINISTERS = ("is_active", "is_staff", "is_superuser")  # with all three one can administer the site

    class Meta:
        verbose_name = "user"

    @transaction.atomic
    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Raises `LastAdministrator` when nobody could administer the site afterwards: by whatever way it is asked for,
        a form, the closing of an account or its person's deletion."""
        able = all(getattr(self, name) for name in self.ADMINISTERS)
        unchanged = update_fields is not None and not {*self.ADMINISTERS}.intersection(update_fields)
        is_safe = self._state.adding or able or unchanged
        if not is_safe and User.objects.lock_administrators() == {self.pk}:
            raise LastAdministrator
        super().save(update_fields=update_fields, **options)

    @property
    def purpose(self) -> Purpose:
        """What the account is kept for."""
        return Purpose.STAFF_ACCOUNT if self.is_staff else Purpose.AFFILIATE_ACCOUNT

    def natural_key(self) -> NoReturn:
        """Django's would write the address into fixtures of whatever points at a user."""
        raise PlaintextRefused("a user's natural key is the e-mail address, which is not written to fixtures")

    def get_full_name(self) -> str:
        return self.name or self.email or ""

    def get_short_name(self) -> str:
        return self.get_full_name()


def in_an_hour() -> datetime:
    return timezone.now() + timedelta(hours=1)


@personal_data(
    label="An address for which a link was asked",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"email": "e-mail address"},
    other_columns="id email_index keep_until",
    found_by=("email_index",),
    retention=Retention(text="until the link is sent, at most an hour", since="keep_until"),
    erasure=Erasure.DELETE,
    circumstances={"keep_until": "kept until"},
    source="our page for a new password, or for an application's link",
    recipients="nobody",
)
class LinkRequest(SealedModel):
    """What somebody typed to be sent a link. A page stores it for every address alike, and a task looks up whose it is:
    so the time that the page takes says nothing about who is known here."""

    email = SealedEmailField("e-mail address")
    email_index = BlindIndexField("email", normalize="email")
    keep_until = ComputedDateTimeField(default=in_an_hour, db_index=True)

    @classmethod
    @transaction.atomic
    def take(cls, key: str) -> str | None:
        """The address, once: the row is deleted. None when it is gone."""
        request = cls.objects.select_for_update().filter(pk=UUID(key), keep_until__gt=timezone.now()).first()
        if request is None:
            return None
        email: str = request.email
        request.delete()
        return email


_ROLES_OF_STAFF = "they say what the business lets a member of staff do, and go with the account"
declare_table(
    "accounts_user_groups", "which roles a staff account has", "id user_id group_id", despite_link=_ROLES_OF_STAFF
)
declare_table(
    "accounts_user_user_permissions",
    "what a staff account may do",
    "id user_id permission_id",
    despite_link=_ROLES_OF_STAFF,
)
