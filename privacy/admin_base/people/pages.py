"""The page about one person, and each of its sections in full."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.search.row_kinds import RowKind, kind_of
from privacy.audit.trail import record

from .extras import PersonPage, extras_for
from .person import address_of, person_url
from .sections import card_for, lines_of, sections_for

PER_PAGE = 50  # rows of one section


def people_urls(site: AdminSite) -> list[URLPattern]:
    """The pages act for nothing themselves: each kind of rows is read for its own purpose."""
    return [
        path("people/<str:kind>/<uuid:row_id>/", site.admin_view(person_view), name="person"),
        path("people/<str:kind>/<uuid:row_id>/<str:section>/", site.admin_view(section_view), name="person_section"),
    ]


@require_safe
def person_view(request: HttpRequest, kind: str, row_id: UUID) -> HttpResponse:
    """Sections that the user may not see are left out; the row that names the person must be one they may see."""
    row = _row(request, kind, row_id)
    user = acting_user(request)
    sections = sections_for(row, user)
    context = {
        "sections": sections,
        "extras": extras_for(PersonPage(address_of(row), sections, user)),
        "card": card_for(row, user),
    }
    return _page(request, "privacy/admin/person.html", row, context)


@require_safe
def section_view(request: HttpRequest, kind: str, row_id: UUID, section: str) -> HttpResponse:
    """All rows of one kind about the person, newest first."""
    row = _row(request, kind, row_id)
    shown = _kind(request, section)
    email = address_of(row)
    if not email:
        raise Http404

    def read() -> dict[str, Any]:
        page = Paginator(shown.rows_of(email).order_by(f"-{shown.at}", "-pk"), PER_PAGE).get_page(
            request.GET.get("page")
        )
        return {"section": shown, "page": page, "lines": lines_of(shown, page)}

    return _page(request, "privacy/admin/person_section.html", row, shown.reading(read))


def _kind(request: HttpRequest, key: str) -> RowKind:
    kind = kind_of(key)
    if kind is None or not kind.for_person:
        raise Http404
    if not acting_user(request).has_perm(kind.permission):
        raise PermissionDenied
    return kind


def _row(request: HttpRequest, key: str, row_id: UUID) -> models.Model:
    kind = _kind(request, key)
    row: models.Model = kind.reading(lambda: get_object_or_404(kind.rows, pk=row_id))
    return row


def _page(request: HttpRequest, template: str, row: models.Model, context: dict[str, Any]) -> HttpResponse:
    """One audit entry for the page, about the row that names the person."""
    record(action="privacy.staff.person", about=row, actor=acting_user(request))
    kind = kind_of(type(row))
    shown = {
        "title": "Person",
        "row": row,
        "kind": kind,
        "row_url": kind and kind.url(row),
        "person_url": person_url(row),
    }
    return render(request, template, {**admin.site.each_context(request), **shown, **context})
