"""What superusers do for a colleague on the page of an account: end its sessions, reset a lost second factor."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone

from privacy.admin_base.reauthentication import confirmed_recently

from .models import User
from .models.second_factor import Authenticator
from .models.session import Session, end_sessions
from .second_factor.reset import reset_second_factor
from .security_log import note
from .sign_in.flow import must_have_second_factor

RIGHTS = {"is_active", "is_staff", "is_superuser", "groups", "user_permissions"}


class AccountSecurityAdmin(admin.ModelAdmin[User]):
    """Adding and changing an account asks who one is, as the steps here do; granted rights are audited."""

    change_form_template = "accounts/admin/user.html"

    @confirmed_recently
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if RIGHTS.intersection(form.changed_data):
            note("accounts.rights.changed", form.instance, actor=cast(User, request.user))

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:user_id>/end-sessions/", wrap(self.end_sessions_view), name="accounts_user_end_sessions"),
            path("<uuid:user_id>/reset-factor/", wrap(self.reset_factor_view), name="accounts_user_reset_factor"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        if context.get("original") and request.user.is_superuser:
            user = context["original"]
            context["live_sessions"] = Session.objects.of(user).live(timezone.now()).count()
            context["has_second_factor"] = Authenticator.objects.filter(user=user, confirmed=True).exists()
        return super().render_change_form(request, context, *args, **options)

    @confirmed_recently
    def end_sessions_view(self, request: HttpRequest, user_id: UUID) -> HttpResponse:
        user = self._account(request, user_id)
        if request.method != "POST":
            return self._confirm(request, user, "End every session", "The person signs in again, on every device.")
        with transaction.atomic():
            ended = end_sessions(user)
            note("accounts.sessions.ended", user, actor=cast(User, request.user))
        return self._back(request, user, f"{ended} sessions ended.")

    @confirmed_recently
    def reset_factor_view(self, request: HttpRequest, user_id: UUID) -> HttpResponse:
        """Never one's own where one is required: whoever took over the browser would get rid of it that way."""
        user = self._account(request, user_id)
        if user == request.user and must_have_second_factor(user):
            return self._back(request, user, "Somebody else has to reset your second factor.")
        if request.method != "POST":
            text = "Authenticator app and recovery codes are removed, every session ends, and the owner gets a mail."
            return self._confirm(request, user, "Reset the second factor", text)
        reset_second_factor(user, actor=cast(User, request.user))
        return self._back(request, user, "The second factor is reset, and every session has ended.")

    def _account(self, request: HttpRequest, user_id: UUID) -> User:
        if not request.user.is_superuser:
            raise PermissionDenied
        return get_object_or_404(User, pk=user_id)

    def _confirm(self, request: HttpRequest, user: User, title: str, text: str) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": title, "text": text, "original": user}
        return render(request, "accounts/admin/confirm.html", {**context, "opts": self.opts})

    def _back(self, request: HttpRequest, user: User, message: str) -> HttpResponse:
        self.message_user(request, message)
        return redirect("admin:accounts_user_change", user.pk)
