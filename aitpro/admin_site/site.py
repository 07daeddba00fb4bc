"""The admin site: the site's own sign-in, and a first page with staff tasks."""

from __future__ import annotations

from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.defaults import bad_request

from aitpro.health.watch import alarms
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.history import HistoryAdmin
from privacy.admin_base.labelled_admin import LabelledAdmin, LabelledAutocomplete
from privacy.admin_base.optimistic_locking.admin import LockingAdmin
from privacy.admin_base.optimistic_locking.guard import reject_stale_pages
from privacy.admin_base.people.pages import people_urls
from privacy.admin_base.search.pages import search_urls
from privacy.admin_base.staff_dashboard import pending_tasks_for
from privacy.admin_base.staff_purposes import acts_for_staff
from privacy.audit.trail import record
from privacy.registry.policy_gate import waiting
from privacy.registry.purpose_binding import acting_as, acting_now

from .areas import group_by_area, navigation
from .clear_text import ClearTextAdmin
from .recent_changes import recent_changes
from .start_page import StartPage

BUSINESS_TIME = ZoneInfo(settings.BUSINESS["time_zone"])


class SiteAdmin(AdminSite):
    site_header = site_title = f"{settings.BUSINESS['short_name']} staff"
    index_title = "Today"
    enable_nav_sidebar = False  # the navigation of `areas.py` instead

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Adds labels, optimistic locking, a history in words and the check of readable text to every admin, including
        those of other packages."""
        own = admin_class or ModelAdmin
        named = {"__module__": own.__module__, "__doc__": own.__doc__}
        extended = type(own.__name__, (own, LabelledAdmin, LockingAdmin, HistoryAdmin, ClearTextAdmin), named)
        super().register(model_or_iterable, extended, **options)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The work, the figures, the last orders, and what the user did last. Opened names are one audit entry."""
        now = timezone.now()
        start = StartPage(request.user, now)
        context = {
            "alarms": alarms(now=now),
            "waiting": pending_tasks_for(request.user, now=now),
            "start": start,
            "recent": recent_changes(self, request),
        }
        if start.last_orders or context["recent"]:
            record(action="privacy.staff.listed", about=LogEntry, actor=acting_user(request))
        return super().index(request, {**context, **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        """Removes Django's redirect from a row to its public page, which checks no permission."""
        own = [page for page in super().get_urls() if getattr(page, "name", None) != "view_on_site"]
        return [*search_urls(self), *people_urls(self), *own]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Shows and parses times in the business's time zone. Answers 400 to values that can't be looked up
        (`?affiliate=x`, a malformed id): the site's own links never contain them, and Django fails on some of them
        while rendering."""

        guarded, acting = reject_stale_pages(view, self), acts_for_staff(view)

        @wraps(view)
        def readable(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                if not all(_is_year(str(value)) for name, value in request.GET.items() if name.endswith("__year")):
                    raise OverflowError("a year that no calendar has")
                with acting_as(acting or acting_now()), timezone.override(BUSINESS_TIME):
                    response: HttpResponseBase = guarded(request, *args, **kwargs)
                    return response.render() if isinstance(response, SimpleTemplateResponse) else response
            except (ValidationError, FieldDoesNotExist, OverflowError) as error:
                return bad_request(request, error)

        return super().admin_view(readable, cacheable)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Adds the navigation, and what the current policy doesn't cover, for the banner."""
        context = super().each_context(request)
        links = navigation(context["available_apps"], request.user, request.path)
        return {**context, "navigation": links, "policy_waiting": waiting()}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Grouped by area; an app's own page keeps the app."""
        apps = super().get_app_list(request, app_label)
        return apps if app_label else group_by_area(apps, request.user)

    def autocomplete_view(self, request: HttpRequest) -> Any:
        return LabelledAutocomplete.as_view(admin_site=self)(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Redirects to the site's own page, which ends other sessions and notifies the owner."""
        return redirect("accounts:password_change")

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Redirects to the site's own sign-in; a signed-in user without access gets a message."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))


def _is_year(typed: str) -> bool:
    """Whether a date filter accepts it, or reports the error itself."""
    digits = typed.removeprefix("-")
    return not digits.isdecimal() or (len(digits) <= 4 and int(typed) > 0)
