"""The admin view wrapper that stops submissions from pages whose row has changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, cast

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .admin import LockingAdmin, audit_reading
from .changed_by import changed_by
from .snapshot import SeenRows
from .stale_form import EditConflict

FIELD = "seen"  # the form's hidden field
NOT_TYPED = {FIELD, "csrfmiddlewaretoken"}

View = Callable[..., HttpResponse]


def calls_paypal(view: Any) -> Any:
    """Marks a view that calls PayPal and therefore must not run under a lock. It has to check the state itself."""
    view.calls_paypal = True
    return view


def reject_stale_pages(view: View, site: AdminSite) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST" or not (token := request.POST.get(FIELD)):
            return view(request, *args, **kwargs)
        seen = SeenRows.unpack(token)
        if kwargs and not seen.keys & {str(value) for value in kwargs.values()}:
            raise SuspiciousOperation("the optimistic-locking token belongs to another row")
        model_admin = cast(LockingAdmin, site.get_model_admin(seen.model))
        if getattr(view, "calls_paypal", False):
            return _refused(request, model_admin, seen) or view(request, *args, **kwargs)
        with transaction.atomic():
            seen.model._base_manager.select_for_update(of=("self",)).filter(pk=seen.pk).first()
            return _refused(request, model_admin, seen) or view(request, *args, **kwargs)

    return guarded


def _refused(request: HttpRequest, model_admin: LockingAdmin, seen: SeenRows) -> HttpResponse | None:
    """A confirmation page if something changed and the view can't show it in its own form."""
    conflict = model_admin.conflict(request, seen)
    if not conflict.differences:
        return None
    if conflict.row is not None and not model_admin.has_view_permission(request, conflict.row):
        raise PermissionDenied
    if _is_change_form(request, model_admin) and model_admin.has_change_permission(request, conflict.row):
        if conflict.row is not None:
            request.conflict = conflict  # type: ignore[attr-defined]
            return None
    elif conflict.row is not None and [user.pk for user in changed_by(conflict.row, seen.at)] == [request.user.pk]:
        return None  # the same user's double click or second window: the action itself reports the result
    return ask_again(request, model_admin, conflict)


def _is_change_form(request: HttpRequest, model_admin: LockingAdmin) -> bool:
    name = f"{model_admin.opts.app_label}_{model_admin.opts.model_name}_change"
    return request.resolver_match is not None and request.resolver_match.url_name == name


def ask_again(request: HttpRequest, model_admin: LockingAdmin, conflict: EditConflict) -> HttpResponse:
    """The confirmation page: what changed, what was entered, and a button to proceed anyway."""
    if conflict.row is not None:
        audit_reading(model_admin, request, conflict.row)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Changed since you opened the page",
        "opts": model_admin.opts,
        "original": conflict.row,
        "differences": conflict.differences,
        "who": changed_by(conflict.row, conflict.seen.at) if conflict.row is not None else [],
        "typed": list(_typed(request)),
        "files": list(request.FILES),
        "again": conflict.row is not None and not _is_change_form(request, model_admin),
    }
    return render(request, "privacy/admin/changed_since.html", context, status=409)


def _typed(request: HttpRequest) -> Iterator[tuple[str, str, bool]]:
    """Each submitted value: field name, value, and whether it is text that the user may want to edit or copy."""
    for name, values in request.POST.lists():
        if name not in NOT_TYPED:
            for value in values:
                yield name, value, "\n" in value or " " in value.strip()
