"""Visitors: affiliates' links, labels, cookies and keys of a day; and those who come directly."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from ..mutations import around, breaks, put, swap


@breaks("referral-for-commission-only", "access", "purpose-limitation")
def any_label_is_stored() -> None:
    """Whatever stood in `sub=` was kept, for ever: newsletter tools put the reader's address there (ADR 25)."""
    from affiliates.models import Affiliate, Label
    from affiliates.tracking.code_cache import CachedCode

    def label_id(self: CachedCode, typed: str) -> Any:
        if not typed:
            return None
        affiliate = Affiliate.objects.get(pk=self.affiliate_id)
        return Label.objects.get_or_create(affiliate=affiliate, name_index=typed, defaults={"name": typed})[0].pk

    put(CachedCode, "label_id", label_id)


@breaks("encrypted", "referral-30-days", "referral-for-commission-only")
def a_label_is_stored_in_clear() -> None:
    """A label was a plain column of the visit."""
    from affiliates.tracking import clicks

    def of(former: Any, request: Any, token: Any, landing: str, *args: Any) -> Any:
        return former(request, token, str(request.GET.get("sub", ""))[:200] or landing, *args)

    around(clicks, "_click_of", of)


@breaks("referral-30-days")
def a_visit_outlives_its_30_days() -> None:
    """The purge passed the visits over."""
    from privacy.erasure import retention

    former = retention._purge
    swap(former, lambda one, now: 0 if one.model._meta.db_table == "affiliates_click" else former(one, now))


@breaks("referral-30-days")
def an_expired_visit_is_readable() -> None:
    """A stopped purge left visits that could still be read: the end was a side effect of a job."""
    from affiliates.tracking.referral_cookie import Token
    from privacy.erasure import retention
    from privacy.registry import expiring

    former = retention._purge
    swap(former, lambda one, now: 0 if one.model._meta.db_table == "affiliates_click" else former(one, now))
    put(expiring.ExpiringQuerySet, "live", lambda self, now: self.all())
    put(Token, "is_live", lambda self, now: True)


@breaks("referral-30-days")
def day_keys_are_kept() -> None:
    """The addresses of an old backup stayed readable, because the key of their day did."""
    from privacy.keystore import day_keys

    swap(day_keys.destroy_due_keys, lambda *, now: 0)
    swap(day_keys.is_over, lambda day, now: False)


@breaks("referral-30-days")
def the_cookie_is_kept_for_a_year() -> None:
    from affiliates.tracking import referral_cookie

    def keep(former: Any, response: Any, name: str, value: str, life: timedelta) -> None:
        former(response, name, value, timedelta(days=365))

    around(referral_cookie, "_set", keep)


@breaks("referral-30-days")
def a_cookie_attributes_after_30_days() -> None:
    from affiliates.tracking.referral_cookie import Token

    put(Token, "is_live", lambda self, now: self.clicked_at <= now)


@breaks("referral-for-commission-only")
def affiliates_see_where_visitors_came_from() -> None:
    """A trial page listed the sites that an affiliate's visitors came from: a use that nobody had been told of."""
    from affiliates.portal import exports
    from affiliates.tracking.clicks import _click_of

    came_from: list[str] = []
    former = exports.KINDS["commissions"]

    def store(request: Any, *args: Any) -> Any:
        came_from.append(request.META.get("HTTP_REFERER", ""))
        return _click_of(request, *args)

    def lines(affiliate: Any, request: Any) -> Any:
        yield from former(affiliate, request)
        yield from ([site] for site in came_from)

    swap(_click_of, store)
    exports.KINDS["commissions"] = lines


@breaks("referral-for-commission-only")
def affiliates_see_single_visits() -> None:
    """A page that is declared for the affiliate's account listed visits one by one: a use that was not declared."""
    from affiliates.portal.campaigns import CampaignsPage

    def context(former: Any, page: Any, **given: Any) -> Any:
        visits: list[Any] = []
        with suppress(Exception):  # the statement is refused; the page would fail, and others be blamed for it
            visits += page.affiliate.clicks.values_list("clicked_at", "landing_path")
        return former(page, **given, visits=visits)

    around(CampaignsPage, "get_context_data", context)


@breaks("referral-for-commission-only")
def anybody_reads_a_visits_address() -> None:
    """The stored address opened for every page and report, whatever it wanted it for."""
    from privacy.registry import purpose_binding, query_purposes

    swap(purpose_binding.require_purpose, lambda *args, **options: None)
    swap(query_purposes.refuse_undeclared, lambda *args, **options: None)


@breaks("purpose-limitation")
def staff_collect_addresses_for_advertising() -> None:
    """The first page of the admin read whoever had asked something, to write to them about something else."""
    from aitpro.admin_site.site import SiteAdmin
    from contacts.models import Inquiry

    def index(former: Any, self: Any, request: Any, extra_context: Any = None) -> Any:
        addresses = [inquiry.email for inquiry in Inquiry._base_manager.all()]
        return former(self, request, {"to_advertise_to": len(addresses), **(extra_context or {})})

    around(SiteAdmin, "index", index)


@breaks("direct-visits-domain-only", "encrypted", "referral-30-days")
def a_direct_visitors_address_is_stored() -> None:
    from aitpro.traffic import middleware
    from privacy.web.client_address import client_address

    def page(former: Any, request: Any, match: Any) -> str:
        address = f"?{client_address(request)}" if middleware._may_be_looked_up(request) else ""
        return f"{former(request, match)}{address}"

    around(middleware, "_page", page)


@breaks("direct-visits-domain-only")
def a_domain_that_spells_the_address_is_counted() -> None:
    """Networks name their customers' lines by the address; a few do so in the domain itself."""
    from aitpro.traffic import domains

    swap(domains._spells, lambda domain, address: False)


@breaks("direct-visits-domain-only")
def the_whole_name_of_a_visitors_line_is_counted() -> None:
    from aitpro.traffic import domains

    swap(domains.domain_of, lambda name, address: name.rstrip(".").lower())


@breaks("domains-count-traffic-only")
def a_message_is_stored_with_its_senders_network() -> None:
    """A domain name that was to count visits says who wrote."""
    from aitpro.traffic.reverse_dns import DomainLookup
    from contacts.inquiries.views import ContactView
    from privacy.web.client_address import client_address

    def form_valid(former: Any, self: Any, form: Any) -> Any:
        form.instance.project = DomainLookup().domain_of(client_address(self.request))
        return former(self, form)

    around(ContactView, "form_valid", form_valid)


@breaks("referral-30-days", at="before the visitor has answered")
def visits_are_stored_whatever_the_mode() -> None:
    """A link was followed as if the site neither asked nor did without storing."""
    from affiliates.models import ConsentMode
    from affiliates.models.consent import consent_mode, require_consent

    swap(require_consent, lambda *, agreed: None)
    swap(consent_mode, lambda: ConsentMode.SIGNAL)
