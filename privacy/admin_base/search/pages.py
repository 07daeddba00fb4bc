"""The one search of the admin.

What was searched for is personal data, so it is sent by POST, and kept only in the session, which is sealed and ends:
the page of results has a random number in its address. So reloading and going back work, and repeat the search.
"""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.people.sections import card_for
from privacy.audit.trail import record

from . import limits
from .finding import Found, find, find_exactly
from .pasted_text import LONGEST, PastedText, visible
from .row_kinds import kinds_for

KEPT = 5  # the last searches of a session
PARTS = 40  # how far back "search older ones" goes
SESSION, FRESH = "searches", "fresh_search"  # a search that was counted, but not shown yet


class PastedTextField(forms.CharField):
    """Takes line breaks and marks of direction, which come with copied numbers, for spaces or nothing."""

    def clean(self, value: Any) -> Any:
        if (length := len(value or "")) > LONGEST:  # before anything looks at each character
            raise ValidationError(
                f"Nothing was searched: this text has {length:,} characters, and a search has at most {LONGEST:,}."
            )
        return super().clean(value)

    def to_python(self, value: Any) -> Any:
        return super().to_python(visible(value) if value else value)


class SearchForm(forms.Form):
    text = PastedTextField(
        label="Search",
        required=False,
        # No `maxlength`: browsers would cut a longer text without a word.
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )


def search_urls(site: AdminSite) -> list[URLPattern]:
    return [path("search/", site.admin_view(search_view), name="search")]


@require_http_methods(["GET", "HEAD", "POST"])
def search_view(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _search(request)
    text = request.session.get(SESSION, {}).get(request.GET.get("search", ""))
    if text is None:
        return _page(request, SearchForm(), is_gone="search" in request.GET)
    typed = request.GET.get("part", "1")
    part = min(max(int(typed), 1), PARTS) if typed.isascii() and typed.isdecimal() and len(typed) < 4 else 1
    form, is_counted = SearchForm({"text": text}), request.session.pop(FRESH, "") == request.GET["search"] and part == 1
    if not is_counted and not limits.may_search(request):
        return _refused(request, form)
    found = find(PastedText(text), acting_user(request), part=part)
    _record(request)
    return _page(request, form, found, part=part)


def _search(request: HttpRequest) -> HttpResponse:
    """Goes straight to the row that a number names; otherwise to the results."""
    form = SearchForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    if not limits.may_search(request):
        return _refused(request, form)
    pasted = PastedText(form.cleaned_data["text"])
    if not pasted.plain:
        return redirect("admin:search")
    if pasted.is_one_number and (hit := find_exactly(pasted, acting_user(request)).only_hit):
        _record(request)
        return redirect(hit.url)
    number = secrets.token_urlsafe(9)
    earlier = list(request.session.get(SESSION, {}).items())[1 - KEPT :]
    request.session[SESSION] = dict([*earlier, (number, pasted.text)])
    request.session[FRESH] = number
    return redirect(f"{reverse('admin:search')}?search={number}")


def _refused(request: HttpRequest, form: SearchForm) -> HttpResponse:
    form.add_error("text", limits.refusal(limits.PER_HOUR))
    return _page(request, form)


def _record(request: HttpRequest) -> None:
    """One entry for each search: that there was one, never the text."""
    record(action="privacy.staff.search_all", about=None, actor=acting_user(request))


def _page(
    request: HttpRequest, form: SearchForm, found: Found | None = None, *, part: int = 1, is_gone: bool = False
) -> HttpResponse:
    user = acting_user(request)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Search",
        "is_search": True,  # the page has the form itself
        "form": form,
        "found": found,
        "card": _card(found, user) if found else None,
        "kinds": [kind.many for kind in kinds_for(user)],
        "is_gone": is_gone,
        "search": request.GET.get("search", ""),
        "part": part,
        "next_part": part + 1 if part < PARTS else None,
    }
    return render(request, "privacy/admin/search.html", context)


def _card(found: Found, user: Any) -> Any:
    """The person's, if one address was searched for and found."""
    if not found.exact or len(found.pasted.emails) != 1:
        return None
    hit = next((hit for result in found.groups for hit in result.hits if hit.person_url), None)
    return card_for(hit.row, user) if hit else None
