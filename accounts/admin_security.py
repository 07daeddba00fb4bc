"""Actions for superusers on a user's page: end all sessions, reset a lost second factor."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin

from .admin_team import TEAM_ACTIONS, TeamPages
from .models import User
from .models.second_factor import Authenticator
from .models.session import Session, end_sessions
from .second_factor.reset import reset_second_factor
from .security_log import note
from .sign_in.flow import requires_second_factor

RIGHTS = {"is_active", "is_staff", "is_superuser", "groups", "user_permissions"}


@transaction.atomic
def _end_sessions(*, user: User, actor: User) -> int:
    note("accounts.sessions.ended", user, actor=actor)
    return end_sessions(user)


def _reset_second_factor(*, user: User, actor: User) -> None:
    """Users can't reset their own required second factor: somebody who took over the browser could remove it that
    way."""
    if user == actor and requires_second_factor(user):
        raise ActionRefused("Another superuser has to reset your second factor.")
    reset_second_factor(user, actor=actor)


def _has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user, confirmed=True).exists()


class AccountSecurityAdmin(TeamPages, StaffActionsAdmin):
    """Adding and changing accounts requires reauthentication, like the actions here. Permission changes are audited."""

    change_form_template = "accounts/admin/user.html"
    row_argument = "user"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "accounts_user_{}"
    staff_actions = (
        *TEAM_ACTIONS,
        StaffAction(
            name="end-sessions",
            label="End every session…",
            asks="The user has to sign in again on every device.",
            do=_end_sessions,
            asks_again=True,
            done=lambda user, ended: f"{ended} sessions ended.",
        ),
        StaffAction(
            name="reset-factor",
            label="Reset the second factor…",
            asks="This removes the app and the recovery codes, ends every session, and notifies the owner by email.",
            do=_reset_second_factor,
            when=_has_second_factor,
            asks_again=True,
            done="The second factor was reset, and all sessions were ended.",
        ),
    )

    @confirmed_recently
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if RIGHTS.intersection(form.changed_data):
            note("accounts.rights.changed", form.instance, actor=acting_user(request))
        user = form.instance
        if user.is_staff and not user.is_superuser and not user.groups.exists():
            warning = f"{user.staff_label} is staff without a role: signs in, and sees nothing. Choose a role below."
            self.message_user(request, warning, messages.WARNING)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        if user := context.get("original"):
            context["live_sessions"] = Session.objects.of(user).live(timezone.now()).count()
        return super().render_change_form(request, context, *args, **options)

    def may_act(self, request: HttpRequest, action: StaffAction) -> bool:
        """Without a permission of its own, an action is for superusers."""
        return request.user.has_perm(action.permission) if action.permission else bool(request.user.is_superuser)

    def actions_shown(self, request: HttpRequest, row: User) -> list[StaffAction]:
        """Actions of the team are for accounts that the user may change, other than their own."""
        may_change = row.pk != request.user.pk and self.has_change_permission(request, row)
        return [each for each in super().actions_shown(request, row) if may_change or not each.permission]
