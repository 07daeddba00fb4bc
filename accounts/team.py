"""The team: the accounts of staff, how they are invited, and how their access ends.

Whoever invites or deactivates somebody holds every permission of that account (ADR 28). A colleague sets the password
with the link of the invitation; nobody else ever knows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import Q

from privacy.admin_base.refusals import ActionRefused

from .mails import INVITATION
from .models import User
from .models.second_factor import Authenticator
from .models.session import end_sessions
from .passwords.link import LinkRefused, send_first_password_link
from .permission_grants import grantable_roles, may_manage
from .security_log import note


@dataclass(frozen=True)
class TeamMember:
    user: User
    roles: list[str]
    has_second_factor: bool
    state: str
    warning: str = ""

    @property
    def is_invited(self) -> bool:
        return self.state == "invited"


def team_members() -> list[TeamMember]:
    """Everybody who is or was staff, those with access first. A constant number of queries."""
    staff = User.objects.filter(Q(is_staff=True) | Q(is_superuser=True)).exclude(email_index=None)
    users = list(staff.prefetch_related("groups", "user_permissions").order_by("-is_active", "joined_at", "pk"))
    protected = set(Authenticator.objects.filter(user__in=users, confirmed=True).values_list("user", flat=True))
    return [_member(user, user.pk in protected) for user in users]


def _member(user: User, has_second_factor: bool) -> TeamMember:
    roles = sorted(group.name for group in user.groups.all())
    state = "deactivated" if not user.is_active else "active" if user.has_usable_password() else "invited"
    has_rights = user.is_superuser or roles or user.user_permissions.all()
    warning = "" if has_rights else "Has no role: can sign in, and sees nothing."
    return TeamMember(user, ["Superuser"] if user.is_superuser else roles, has_second_factor, state, warning)


def invite_colleague(*, email: str, name: str, roles: Iterable[Group], actor: User) -> User:
    """Creates an account with these roles, and mails the invitation. Raises `ActionRefused`."""
    try:
        return _invite(email, name, list(roles), actor)
    except IntegrityError as error:
        raise ActionRefused("Somebody invited this address at the same time.") from error


@transaction.atomic
def _invite(email: str, name: str, roles: list[Group], actor: User) -> User:
    if set(roles) - set(grantable_roles(actor)):
        raise ActionRefused("You can assign roles whose permissions you all have yourself.")
    user = User(email=email, name=name, is_staff=True)
    user.set_unusable_password()
    user.save()
    user.groups.set(roles)
    note("accounts.user.invited", user, actor=actor)
    send_invitation(user=user, actor=actor)
    return user


def send_invitation(*, user: User, actor: User) -> None:
    """Mails a link to set the first password. Raises `ActionRefused`."""
    _require_power_over(user, actor)
    roles = sorted(user.groups.values_list("name", flat=True))
    shown = {"inviter": actor.get_full_name(), "roles": roles}
    try:
        send_first_password_link(user, INVITATION, context=shown)
    except LinkRefused as error:
        raise ActionRefused("This account has a password. Its owner can ask for a new one when signing in.") from error


def resend_invitation(*, user: User, actor: User) -> None:
    """Mails a new link, as often as needed. Raises `ActionRefused`."""
    send_invitation(user=user, actor=actor)
    note("accounts.user.invited", user, actor=actor)


@transaction.atomic
def deactivate(*, user: User, actor: User) -> None:
    """Ends the access and all sessions; roles are kept for a return. Raises `ActionRefused`, `LastAdministrator`."""
    _require_power_over(user, actor)
    _set_active(user, False, actor)


@transaction.atomic
def activate(*, user: User, actor: User) -> None:
    """Gives the access back, with the roles of before. Raises `ActionRefused`."""
    _require_power_over(user, actor)
    _set_active(user, True, actor)


@transaction.atomic
def shut_out(user: User, *, deactivate: bool) -> int:
    """For the operator at the server's shell: ends every session, and on request the access. Returns how many sessions.
    Raises `LastAdministrator`."""
    ended = end_sessions(user)
    note("accounts.sessions.ended", user, actor=None)
    if deactivate:
        _set_active(user, False, None)
    return ended


def _set_active(user: User, is_active: bool, actor: User | None) -> None:
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    note("accounts.user.activated" if is_active else "accounts.user.deactivated", user, actor=actor)


def _require_power_over(user: User, actor: User) -> None:
    if user.pk == actor.pk:
        raise ActionRefused("Nobody changes their own access. Ask a colleague.")
    if not may_manage(actor, user):
        raise ActionRefused("This account has permissions that you don't have.")
