"""Old addresses lead to the new ones: of pages and products whenever theirs changes, and others that staff enter.

Each redirect leads to its target in one step, and a page always wins over a redirect at its address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from posixpath import normpath
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.redirects.models import Redirect
from django.db import models
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from contacts.models import Service
from shop.models import Product

from .addresses import view_at
from .models import Page

LONGEST = 200  # characters of an address, in Django's table
CACHED_FOR = 60 * 60  # seconds: browsers would remember a permanent redirect forever, and never see a new page there

# The addresses that a row's slug is part of.
ADDRESSES: dict[type[models.Model], Callable[[str], list[str]]] = {
    Page: lambda slug: [reverse("pages:page", args=[slug])],
    Product: lambda slug: [reverse(name, args=[slug]) for name in ("shop:product", "shop:checkout")],
    Service: lambda slug: [f"{reverse('site:services')}#{slug}"],
}


def normalize(address: str) -> str:
    """The path as browsers and server compare it: decoded, without query, fragment and dots, with its last slash."""
    path = normpath(unquote(address.partition("#")[0].partition("?")[0])).strip("/")
    return f"/{path}/" if path not in {"", "."} else "/"


def redirects() -> models.QuerySet[Redirect]:
    return Redirect.objects.filter(site_id=settings.SITE_ID)


def leave_redirect(*, old: str, new: str) -> None:
    """From now on the old address leads to the new one, as do all that led to the old one."""
    redirects().filter(old_path__in=spellings(new)).delete()  # or it would lead back
    redirects().filter(new_path__in=spellings(old)).update(new_path=new)
    Redirect.objects.update_or_create(site_id=settings.SITE_ID, old_path=old, defaults={"new_path": new})


def final_target(address: str) -> str:
    """Where redirects at this address lead in the end; the address itself if there is none."""
    passed: set[str] = set()
    while (path := normalize(address)) not in passed and (onward := target_of(path)):
        passed.add(path)
        address = onward
    return address


@receiver(pre_save)
def notice_old_address(sender: type[models.Model], instance: Any, raw: bool = False, **_signal: Any) -> None:
    if sender not in ADDRESSES or raw or instance._state.adding:
        return
    stored: Any = sender._base_manager.filter(pk=instance.pk).first()
    was_public = stored is not None and getattr(stored, "is_public", True)
    instance.old_slug = stored.slug if was_public and stored.slug != instance.slug else ""


@receiver(post_save)
def redirect_old_address(sender: type[models.Model], instance: Any, **_signal: Any) -> None:
    if sender in ADDRESSES and (slug := getattr(instance, "old_slug", "")):
        for old, new in zip(ADDRESSES[sender](slug), ADDRESSES[sender](instance.slug), strict=True):
            leave_redirect(old=old, new=new)
        instance.old_slug = ""


def with_former_anchors(services: Iterable[Service]) -> list[Service]:
    """Adds `former_anchors`, the earlier addresses on the services page: browsers alone know what follows the `#`."""
    start = f"{reverse('site:services')}#"
    former = redirects().filter(old_path__startswith=start, new_path__startswith=start)
    pairs = [(each.old_path.removeprefix(start), each.new_path.removeprefix(start)) for each in former]
    found = list(services)
    for service in found:
        service.former_anchors = [old for old, new in pairs if new == service.slug]  # type: ignore[attr-defined]
    return found


class RedirectMiddleware:
    """Looks for a redirect where a page is missing. Never at secret addresses, such as an order's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if response.status_code != 404 or (match is not None and match.kwargs.keys() - {"slug"}):
            return response
        return redirect_from(request) or response


def redirect_from(request: HttpRequest) -> HttpResponse | None:
    """Keeps the query, because links of affiliates have their code in it. A form is sent again to the new address."""
    path = request.path
    if not path.endswith("/") and view_at(f"{path}/"):  # Django adds the slash, as there may be a page
        return None
    if not (target := target_of(path)):
        return None
    new = urlsplit(target)
    query = "&".join(filter(None, [new.query, request.META.get("QUERY_STRING", "")]))
    response = HttpResponsePermanentRedirect(urlunsplit(new._replace(query=query)))
    response.status_code = 301 if request.method in {"GET", "HEAD"} else 308
    response.headers["Cache-Control"] = f"max-age={CACHED_FOR}"
    return response


def target_of(path: str) -> str:
    """Where the redirect at this address leads, with or without its last slash; empty if there is none."""
    if not path.isprintable() or len(path) > LONGEST:
        return ""
    both = spellings(path)
    found = {each.old_path: each.new_path for each in redirects().filter(old_path__in=both)}
    target = next((found[each] for each in both if each in found), "")
    return target if is_own(target) and normalize(target) != normalize(path) else ""


def spellings(path: str) -> list[str]:
    """With and without its last slash. What follows a `#` is part of a service's address, and never sent."""
    bare = path.rstrip("/")
    return list(dict.fromkeys([path, f"{bare}/", bare or "/"]))


def is_own(target: str) -> bool:
    """Whether it is an address of this site, which begins with one slash."""
    return target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
