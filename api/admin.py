"""The admin of all tokens: who has which, and a button to revoke one. Nobody can make one for somebody else."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin

from .models import ApiToken
from .tokens.making import revoke_token


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin, StaffActionsAdmin):
    list_display = ["__str__", "kind", "scopes", "made_at", "expires_at", "last_used_on"]
    list_filter = ["owner__is_staff"]
    ordering = ["-made_at"]
    fields = ["owner", "name", "may_read", "made_at", "expires_at", "last_used_on"]
    row_argument = "token"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "api_apitoken_{}"
    returns_to = "changelist"
    staff_actions = (
        StaffAction(
            name="revoke",
            label="Revoke…",
            asks="The program that uses it can't read anything any more. Its owner can make a new one.",
            do=revoke_token,
            permission="api.view_apitoken",
            is_final=True,
            done="The token is revoked.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("owner")

    @admin.display(description="of", ordering="owner__is_staff")
    def kind(self, token: ApiToken) -> str:
        return "the team" if token.owner.is_staff else "an affiliate"

    @admin.display(description="may read")
    def may_read(self, token: ApiToken) -> str:
        return "; ".join(token.scope_labels)
