"""Legal name and address for the report to the tax office: who enters them, and who is shown them.

The scratch copy has `AFFILIATE_LEGAL_DETAILS` on, whether or not the site has.
"""

from __future__ import annotations

from django.test import override_settings
from django.utils import timezone

from accounts.probes.staff import staff
from affiliates.models import LegalDetails
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.evidence.rehearsal.browser import defaults_of
from privacy.evidence.rehearsal.cast import OWNER
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

from .people import AFFILIATE, RIVAL
from .portal import PRIVATE

ADDRESS = "/affiliates/portal/profile/legal/"
LISTS = ("/admin/affiliates/reports/year/", "/admin/affiliates/reports/year.csv")
NAME = "legal name of the affiliate's"


@probe("encrypted", stage=Stage.PLANT)
def affiliates_enter_their_legal_details(rehearsal: Rehearsal) -> None:
    for who in (AFFILIATE, RIVAL):
        browser = rehearsal.things[who].browser
        words = {"name": rehearsal.canary(who, "legal name"), "address": rehearsal.canary(who, "legal address")}
        browser.open(ADDRESS)
        browser.submit("Save", **words)
        browser.open(ADDRESS)
        rehearsal.expect(words["name"] in browser.html, "an affiliate can enter a legal name")
        rehearsal.things[f"{NAME} {who}"] = words["name"]
        rehearsal.tried()


@probe(PRIVATE, stage=Stage.BREAK_IN)
def nobody_else_reads_or_changes_legal_details(rehearsal: Rehearsal) -> None:
    """Somebody without an account opens and posts the form; another affiliate posts it with the victim's code."""
    stranger, rival = rehearsal.browser("stranger at a profile"), rehearsal.things[RIVAL].browser
    before = [row.pk for row in LegalDetails._base_manager.order_by("pk")]
    form = rival.open(ADDRESS).select_one("main form")
    rehearsal.expect(form, "an affiliate has a form for legal details")
    typed = defaults_of(form) if form else {}
    for method in ("get", "post"):
        stranger.send(method, stranger.base + ADDRESS, data=typed)
        rehearsal.tried()
        if stranger.status < 400 and "/accounts/login/" not in stranger.url:
            rehearsal.breach(PRIVATE, f"the form for legal details answers a stranger ({method})")
    victim = rehearsal.things[AFFILIATE]
    for name in ("affiliate", "affiliate_id", "id", "code"):
        rival.send("post", f"{rival.base}{ADDRESS}?{name}={victim.code}", data={**typed, name: victim.code})
        rehearsal.tried()
    names = {row.pk: row.name for row in LegalDetails._base_manager.select_related("affiliate")}
    if sorted(names) != before or rehearsal.things[f"{NAME} {AFFILIATE}"] not in names.values():
        rehearsal.breach(PRIVATE, "an affiliate changes the legal details of another")


@probe(PRIVATE, stage=Stage.END)
def legal_details_are_shown_to_whoever_reports_payments(rehearsal: Rehearsal) -> None:
    """On the yearly list, to staff with the permission, with an entry in the audit log; to nobody else there."""
    name, year = rehearsal.things[f"{NAME} {AFFILIATE}"], timezone.now().year
    with override_settings(AFFILIATE_REPORT_THRESHOLD_CENTS=0):
        for role, sees in ((OWNER, True), (Role.FINANCE, True), (Role.AFFILIATES, False)):
            browser = staff(rehearsal)[role].sign_in()
            for address in LISTS:
                listed = AuditEntry.objects.filter(object_model=LegalDetails._meta.label_lower).count()
                browser.send("get", f"{browser.base}{address}?year={year}")
                rehearsal.tried()
                found = name.encode() in browser.content
                if found and not sees:
                    rehearsal.breach(PRIVATE, f"{address} shows legal names to {role}, who reports no payments")
                rehearsal.expect(found or not sees, f"{role} can read legal names for the tax office at {address}")
                if found and AuditEntry.objects.filter(object_model=LegalDetails._meta.label_lower).count() == listed:
                    rehearsal.breach(PRIVATE, f"reading legal names at {address} is not in the audit log")
