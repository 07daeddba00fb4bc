"""User accounts of staff and affiliates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import PlaintextRefused, SealedEmailField, SealedTextField
from privacy.encryption.models import SealedModel
from privacy.erasure.consequences import DeletionPrevented
from privacy.models.typed_address import TypedAddress
from privacy.registry.declarations import Erasure, Retention, declare_table, personal_data
from privacy.registry.growth import Bounded, DeletedWith
from privacy.registry.policy_gate import GatedCharField
from privacy.registry.purposes import Purpose


class LastAdministrator(DeletionPrevented):
    """Refuses a change after which nobody could administer the site."""

    def __str__(self) -> str:
        return "This is the only account that can administer the site. Make another user a superuser first."


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        """Finds a user by email address, regardless of spelling. Raises `User.DoesNotExist`."""
        return self.get(email_index=username or "")

    def with_email(self, email: str) -> User | None:
        return self.filter(email_index=email).first()

    def administrators(self) -> models.QuerySet[User]:
        """Users who can administer the site."""
        return self.filter(**dict.fromkeys(User.ADMINISTRATOR_FLAGS, True))

    def lock_administrators(self) -> set[UUID]:
        """Locks the administrators' rows and returns their IDs, so that concurrent changes see each other's result.
        Requires a transaction."""
        return set(self.administrators().select_for_update().order_by("pk").values_list("pk", flat=True))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


@personal_data(
    everywhere="every page loads the signed-in user",
    label="Your account",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={
        "email": "email address",
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
        "is_superuser": "has all permissions",
    },
    correctable={"name": "name"},
    source="your application, the affiliate program that moved here, or the colleague who invited you",
    recipients="nobody",
    withheld=frozenset({"password"}),
    growth=Bounded("the people whom staff admit as affiliates or invite as colleagues; closed accounts are anonymized"),
)
class User(SealedModel, AbstractBaseUser, PermissionsMixin):
    """Signs in with an email address, which is stored sealed and found by its blind index."""

    email = SealedEmailField("email address", null=True)
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
    ADMINISTRATOR_FLAGS = ("is_active", "is_staff", "is_superuser")  # all three are needed to administer the site

    class Meta:
        verbose_name = "user"

    @transaction.atomic
    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Raises `LastAdministrator` if nobody could administer the site afterward, whatever causes the change: a form,
        closing the account, or an erasure."""
        able = all(getattr(self, name) for name in self.ADMINISTRATOR_FLAGS)
        unchanged = update_fields is not None and not {*self.ADMINISTRATOR_FLAGS}.intersection(update_fields)
        is_safe = self._state.adding or able or unchanged
        if not is_safe and User.objects.lock_administrators() == {self.pk}:
            raise LastAdministrator
        super().save(update_fields=update_fields, **options)

    @property
    def purpose(self) -> Purpose:
        """The purpose for which the account is stored."""
        return Purpose.STAFF_ACCOUNT if self.is_staff else Purpose.AFFILIATE_ACCOUNT

    def natural_key(self) -> NoReturn:
        """Django's implementation would write the address into fixtures of every model that references a user."""
        raise PlaintextRefused("a user's natural key is the email address, which is not written to fixtures")

    def get_full_name(self) -> str:
        return self.name or self.email or ""

    @property
    def staff_label(self) -> str:
        return self.get_full_name() or str(self)

    def get_short_name(self) -> str:
        return self.get_full_name()


@personal_data(
    label="Requested sign-in link",
    purpose=Purpose.AFFILIATE_ACCOUNT,
    columns={"email": "email address"},
    other_columns="id email_index keep_until",
    found_by=("email_index",),
    retention=Retention(text="until the link is sent, at most an hour", since="keep_until"),
    erasure=Erasure.DELETE,
    circumstances={"keep_until": "kept until"},
    source="our password reset page or our application page",
    recipients="nobody",
)
class LinkRequest(TypedAddress):
    """An address entered to get a link to set a password or to confirm an application."""


_ROLES_OF_STAFF = "they say what a staff member may do and are deleted with the account"
declare_table(
    "accounts_user_groups",
    "the roles of a staff account",
    "id user_id group_id",
    growth=DeletedWith("user"),
    despite_link=_ROLES_OF_STAFF,
)
declare_table(
    "accounts_user_user_permissions",
    "the permissions of a staff account",
    "id user_id permission_id",
    growth=DeletedWith("user"),
    despite_link=_ROLES_OF_STAFF,
)
