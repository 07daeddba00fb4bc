"""The team's page: who is on it, with which roles, and the form that invites a colleague."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.audited import AuditedAdmin
from privacy.admin_base.reauthentication import ask_again
from privacy.admin_base.refusals import ActionRefused
from privacy.admin_base.staff_action import StaffAction
from privacy.admin_base.staff_roles import ABOUT, Role
from privacy.encryption.email_field import EmailAddressField, EmailAddressInput

from .models import User
from .permission_grants import grantable_roles
from .team import activate, deactivate, invite_colleague, resend_invitation, team_members

CHANGE, ADD, VIEW = "accounts.change_user", "accounts.add_user", "accounts.view_user"


class RoleChoice(forms.ModelMultipleChoiceField[Group]):
    """The roles, each with what it is for."""

    def label_from_instance(self, role: Any) -> str:
        return f"{role.name}: {ABOUT[Role(role.name)]}" if role.name in set(Role) else role.name


class InviteForm(forms.Form):
    name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = EmailAddressField(widget=EmailAddressInput(attrs={"autocomplete": "off"}))
    roles = RoleChoice(
        queryset=Group.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one role. Without one, your colleague would see nothing."},
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles: Any = self.fields["roles"]
        roles.queryset = grantable_roles(actor).order_by("pk")

    def clean_email(self) -> str:
        """An address belongs to one account; says what to do instead of inviting it."""
        email: str = self.cleaned_data["email"]
        if account := User.objects.with_email(email):
            raise forms.ValidationError(_instead(account))
        return email


def _instead(account: User) -> SafeString:
    """What to do with an address that has an account."""
    if not account.is_staff:
        said = "An affiliate signs in with this address. Invite your colleague with another one, or make this account"
        said += " part of the team on its page:"
    elif not account.is_active:
        said = "A deactivated colleague has this address. Activate the account on its page:"
    elif not account.has_usable_password():
        said = "This colleague was already invited. Send the invitation again on the account's page:"
    else:
        said = "This colleague is already on the team. Change the roles on the account's page:"
    page = reverse("admin:accounts_user_change", args=[account.pk])
    return format_html('{} <a href="{}">{}</a>', said, page, account.staff_label)


TEAM_ACTIONS = (
    StaffAction(
        name="invite",
        label="Send the invitation again…",
        permission=CHANGE,
        asks="The email has a new link to set the password, which works once and for 24 hours.",
        do=resend_invitation,
        when=lambda user: user.is_staff and user.is_active and not user.has_usable_password(),
        asks_again=True,
        done=lambda user, _: f"The invitation is on its way to {user.staff_label}.",
    ),
    StaffAction(
        name="deactivate",
        label="Deactivate…",
        permission=CHANGE,
        asks="Every session ends now, and nobody can sign in with this account until it is activated again. What was"
        " done with it stays, and so do its roles.",
        do=deactivate,
        when=lambda user: user.is_active,
        asks_again=True,
        done=lambda user, _: f"{user.staff_label} can't sign in any more.",
    ),
    StaffAction(
        name="activate",
        label="Activate…",
        permission=CHANGE,
        asks="The account can be used again, with its roles of before.",
        do=activate,
        when=lambda user: not user.is_active and bool(user.email),
        asks_again=True,
        done=lambda user, _: f"{user.staff_label} can sign in again.",
    ),
)


class TeamPages(AuditedAdmin):
    """Mixed into the admin of accounts."""

    def get_urls(self) -> list[Any]:
        return [path("team/", self.admin_site.admin_view(self.team), name="accounts_team"), *super().get_urls()]

    def team(self, request: HttpRequest) -> HttpResponse:
        """The team at a glance, and below it the form, so that inviting somebody takes one page."""
        if not request.user.has_perm(VIEW) or (request.method == "POST" and not request.user.has_perm(ADD)):
            raise PermissionDenied
        if request.method == "POST" and (page := ask_again(request)):
            return page
        form = InviteForm(request.POST if request.method == "POST" else None, actor=acting_user(request))
        if form.is_valid() and self._invite(request, form):
            return redirect("admin:accounts_team")
        self.audit(request, "listed", self.model)
        context = {
            **self.admin_site.each_context(request),
            "title": "Team",
            "opts": self.opts,
            "members": team_members(),
            "form": form if request.user.has_perm(ADD) else None,
        }
        return render(request, "accounts/admin/team.html", context)

    def _invite(self, request: HttpRequest, form: InviteForm) -> bool:
        try:
            user = invite_colleague(actor=acting_user(request), **form.cleaned_data)
        except ActionRefused as refusal:
            form.add_error(None, refusal.message)
            return False
        roles = ", ".join(sorted(role.name for role in form.cleaned_data["roles"]))
        self.log_addition(request, user, f"invited with the roles: {roles}")
        self.message_user(
            request,
            f"{user.staff_label} is invited, with: {roles}. Our email has a link to set a password; it works once and"
            " for 24 hours.",
            messages.SUCCESS,
        )
        return True
