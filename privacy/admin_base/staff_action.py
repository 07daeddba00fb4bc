"""Staff actions: a button on a row's change page, a confirmation page, and a function that acts.

A `StaffAction` declares its permission, its rows, the confirmation text and the success message; the `ModelAdmin` lists
its actions. A stale page does not act on a row that changed since (ADR 36), a form that is submitted twice acts once
(ADR 35), and a refusal of the function is shown with its reason (ADR 45).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse

from .acting_user import acting_user
from .audited import AuditedAdmin
from .form_fields import accept_any_input
from .reauthentication import ask_again
from .refusals import ActionRefused
from .staff_labels import staff_label


@dataclass(frozen=True, kw_only=True)
class StaffAction:
    """Calls `do` with keyword arguments: the row under the admin's `row_argument`, `actor`, and the form's data.

    `done` is the success message, or a function of the row and the result of `do`; if `do` returns a response, that is
    the answer. `when` decides for which rows the button is shown and works. `offered_to` hides it from a user whom `do`
    would refuse, because a colleague has to act. `asks` is the text of the confirmation
    page; `one_press` skips that page. `asks_again` requires reauthentication.
    """

    name: str  # in the URL
    label: str
    do: Callable[..., Any]
    permission: str = ""  # default: change permission of the model
    when: Callable[[Any], bool] = lambda row: True
    offered_to: Callable[[Any, Any], bool] = lambda row, actor: True
    asks: str = ""
    form: type[forms.BaseForm] = forms.Form
    one_press: bool = False
    asks_again: bool = False
    saves_first: bool = False  # stands in the page's form, which is saved before the confirmation page opens
    is_final: bool = False  # can't be undone; makes the button red
    template: str = "privacy/admin/staff_action.html"
    done: str | Callable[[Any, Any], str] = "Done."

    @property
    def title(self) -> str:
        return self.label.rstrip("…")


class StaffActionsAdmin(AuditedAdmin):
    """`action_route` and `action_url_name` are one URL per action (`{}` is its name), or one for all."""

    staff_actions: tuple[StaffAction, ...] = ()
    row_argument = ""
    action_route = "<uuid:row_id>/step/<slug:action>/"
    action_url_name = ""
    returns_to = "change"  # or "changelist", for a queue
    change_form_template = "privacy/admin/with_actions.html"

    def get_urls(self) -> list[Any]:
        view, route, name = self.admin_site.admin_view(self.action_view), self.action_route, self.action_url_name
        if "{}" not in route:
            return [path(route, view, name=name), *super().get_urls()]
        own = [
            path(route.replace("{}", each.name), view, {"action": each.name}, name=self._url_name(each))
            for each in self.staff_actions
        ]
        return [*own, *super().get_urls()]

    def _url_name(self, action: StaffAction) -> str:
        return self.action_url_name.replace("{}", action.name.replace("-", "_"))

    def action_url(self, action: StaffAction, row: Any) -> str:
        return reverse(
            f"admin:{self._url_name(action)}", args=[row.pk] if "{}" in self.action_url_name else [row.pk, action.name]
        )

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        if row := context.get("original"):
            shown = self.actions_shown(request, row)
            context["staff_actions"] = [(action, self.action_url(action, row)) for action in shown]
        return super().render_change_form(request, context, *args, **options)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        for action in self.actions_shown(request, obj):
            if action.saves_first and action.name == request.POST.get("_open"):
                return redirect(self.action_url(action, obj))
        return super().response_change(request, obj)

    def actions_shown(self, request: HttpRequest, row: Any) -> list[StaffAction]:
        possible = (each for each in self.staff_actions if self.may_act(request, each) and each.when(row))
        return [each for each in possible if each.offered_to(row, request.user)]

    def action_view(self, request: HttpRequest, row_id: UUID, action: str) -> HttpResponseBase:
        """Shows the confirmation page, acts, and reports the result."""
        chosen = next((each for each in self.staff_actions if each.name == action), None)
        if chosen is None:
            raise Http404
        return self.run_action(request, chosen, lambda: get_object_or_404(self.get_queryset(request), pk=row_id))

    def run_action(self, request: HttpRequest, action: StaffAction, find_row: Callable[[], Any]) -> HttpResponseBase:
        """Checks the user before it looks up the row."""
        if not self.may_act(request, action):
            raise PermissionDenied
        if action.one_press and request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if action.asks_again and (page := ask_again(request)):
            return page
        row = find_row()
        if not action.when(row):
            return self.not_possible(request, row, action)
        form = self.form_for_action(request, row, action)
        accept_any_input(form)
        if form.is_valid() and (answer := self._done(request, row, action, form)):
            return answer
        self.audit(request, "read", row)
        shown = {
            "title": f"{action.title}: {staff_label(row)}",
            "original": row,
            "opts": self.opts,
            "action": action,
            "form": form,
        }
        context = {**self.admin_site.each_context(request), **shown, **self.action_context(request, row, action)}
        return render(request, action.template, context)

    def _done(self, request: HttpRequest, row: Any, action: StaffAction, form: Any) -> HttpResponseBase | None:
        """None if the action is refused and the form had input, which stays on the page with the reason."""
        arguments = {self.row_argument: row, "actor": acting_user(request), **self.action_arguments(action, form)}
        try:
            result = action.do(**arguments)
        except ActionRefused as refusal:
            if form.visible_fields():
                form.add_error(None, refusal.message)
                return None
            return self.back(request, row, refusal.message, messages.ERROR)
        if isinstance(result, HttpResponseBase):
            return result
        return self.after_action(request, row, action, result)

    # --- Hooks for subclasses
    # ------------------------------------------------------------------------------------------
    def may_act(self, request: HttpRequest, action: StaffAction) -> bool:
        return request.user.has_perm(action.permission or f"{self.opts.app_label}.change_{self.opts.model_name}")

    def form_for_action(self, request: HttpRequest, row: Any, action: StaffAction) -> forms.BaseForm:
        return action.form(request.POST, request.FILES) if request.method == "POST" else action.form()

    def action_arguments(self, action: StaffAction, form: Any) -> dict[str, Any]:
        """Keyword arguments of `do` besides the row and the actor."""
        return dict(form.cleaned_data)

    def action_context(self, request: HttpRequest, row: Any, action: StaffAction) -> dict[str, Any]:
        """Context of the action's own template."""
        return {}

    def not_possible(self, request: HttpRequest, row: Any, action: StaffAction) -> HttpResponseBase:
        return self.back(request, row, self.too_late(row), messages.ERROR)

    def too_late(self, row: Any) -> str:
        """The message if the action is no longer possible."""
        return "This action is no longer available."

    def after_action(self, request: HttpRequest, row: Any, action: StaffAction, result: Any) -> HttpResponseBase:
        return self.back(request, row, action.done if isinstance(action.done, str) else action.done(row, result))

    def back(self, request: HttpRequest, row: Any, message: str, level: int = messages.SUCCESS) -> HttpResponse:
        self.message_user(request, message, level)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{self.returns_to}"
        return redirect(name, *([row.pk] if self.returns_to == "change" else []))
