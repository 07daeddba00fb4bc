"""Deployment checks of settings that suit a demo, or each by itself, and are wrong in production. They say no value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import holidays
import phonenumbers
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.http.request import validate_host

from aitpro import settings as own_settings
from aitpro.environment import SMTP_BACKEND

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
RESERVED = (".example", ".invalid", ".test", ".localhost", "example.com", "example.net", "example.org")  # RFC 2606
WIDEST = 8  # bits of a network of proxies


@register()
def variables_are_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Only what looks like one of ours: other programs have variables, too."""
    return [
        Warning(
            f"The variable {name} is read by nothing.",
            hint=f"Is it meant for {meant}?" if meant else "See .env.example for all names.",
            id="aitpro.W008",
        )
        for name, meant in own_settings.env.misspelled().items()
    ]


@register(deploy=True)
def demo_parts_are_not_in_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A site on this machine's loopback address is a demo, with https, too."""
    if not settings.HTTPS:
        return []
    kind = Warning if settings.LOOPBACK else Error
    found: list[CheckMessage] = []
    if settings.PAYPAL_MODE == "standin":
        hint = "Set PAYPAL_MODE to live, or to sandbox for a trial."
        said = "PAYPAL_MODE is standin: buyers pay nothing, and everything counts as paid."
        found.append(kind(said, hint=hint, id="aitpro.W009" if settings.LOOPBACK else "aitpro.E002"))
    if settings.MAILERS["default"]["BACKEND"] != SMTP_BACKEND:
        said = "EMAIL_URL names no mail server: mails are not sent, but written to files or dropped."
        hint = "Use smtp+tls://user:password@host:587."
        found.append(kind(said, hint=hint, id="aitpro.W010" if settings.LOOPBACK else "aitpro.E003"))
    return found


@register(deploy=True)
def hosts_are_those_of_the_site(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return list(_hosts())


def _hosts() -> Iterator[CheckMessage]:
    host = urlsplit(settings.SITE_URL).hostname or ""
    if not validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS):
        said = "ALLOWED_HOSTS lacks the host of SITE_URL: every request is refused."
        yield Error(said, hint="Add it, or leave ALLOWED_HOSTS out.", id="aitpro.E004")
    if settings.HTTPS and not settings.LOOPBACK and LOOPBACK & set(settings.ALLOWED_HOSTS):
        said = "ALLOWED_HOSTS has a name of this machine, such as localhost, which belongs only in a demo."
        yield Warning(said, hint="Leave it out: /healthz answers under any name.", id="aitpro.W011")
    if "*" in settings.ALLOWED_HOSTS:
        yield Warning("ALLOWED_HOSTS has *, so any name counts as this site's.", id="aitpro.W012")


@register(deploy=True)
def trusted_proxies_are_few(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if all(network.prefixlen >= WIDEST for network in settings.TRUSTED_PROXIES):
        return []
    said = "TRUSTED_PROXIES has a network of nearly everybody, who could all claim any address."
    return [Warning(said, hint="List your own proxies, such as 127.0.0.1/32.", id="aitpro.W013")]


@register(deploy=True)
def business_can_be_reached(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return list(_business())


def _business() -> Iterator[CheckMessage]:
    country, region = settings.BUSINESS["country"], settings.BUSINESS["region"]
    regions = holidays.list_supported_countries(include_aliases=True).get(country)
    if regions is None:
        said = "The public holidays of BUSINESS_COUNTRY are unknown: deadlines of privacy requests can't be set."
        yield Error(said, hint="Use a country's code (ISO 3166) such as US.", id="aitpro.E005")
    elif region and region not in regions:
        said = "BUSINESS_REGION is no region of BUSINESS_COUNTRY: deadlines of privacy requests can't be set."
        yield Error(said, hint="Use a region's code (ISO 3166-2) such as CA, or leave it empty.", id="aitpro.E006")
    try:
        sound = phonenumbers.is_valid_number(phonenumbers.parse(settings.BUSINESS["phone"], country))
    except phonenumbers.NumberParseException:
        sound = False
    if not sound:
        yield Warning("BUSINESS_PHONE is no phone number of BUSINESS_COUNTRY.", id="aitpro.W014")
    if settings.BUSINESS["email"].lower().rpartition("@")[2].endswith(RESERVED):
        yield Warning("BUSINESS_EMAIL is an address for examples: nobody's mail arrives there.", id="aitpro.W015")


@register(deploy=True)
def refund_window_includes_the_legal_one(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Directive 2011/83/EU, article 9: 14 days, which end with the last hour of the last day (ADR 47)."""
    if settings.REFUND_DAYS >= 15:
        return []
    said = (
        "REFUND_DAYS is below 15: consumers in Europe may withdraw for 14 full days, and checkout does not ask them to"
    )
    said += " waive it."
    return [
        Warning(said, hint="Set it to 15 or more, or silence aitpro.W005 if you don't sell there.", id="aitpro.W005")
    ]


@register(deploy=True)
def returned_mail_comes_to_an_own_domain(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """DMARC (RFC 7489, section 3.1.2) compares the domains of the envelope sender and of From."""
    own = settings.BUSINESS["email"].rpartition("@")[2].lower()
    if not settings.MAIL_BOUNCE_DOMAIN or settings.MAIL_BOUNCE_DOMAIN.endswith(f".{own}"):
        return []
    said = "MAIL_BOUNCE_DOMAIN is not a subdomain of the domain in BUSINESS_EMAIL: mail may be rejected as forged."
    return [Warning(said, hint=f"Use one such as bounces.{own}.", id="aitpro.W007")]


@register(deploy=True)
def sent_mail_is_not_shown(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The demo shows sent mail, with its private links, to everyone."""
    if not settings.MAIL_PREVIEW:
        return []
    hint = "Set PAYPAL_MODE, EMAIL_URL and an https SITE_URL: any of them ends it."
    return [Error("This is the demo: /mail/ shows every mail that was sent.", hint=hint, id="aitpro.E001")]
