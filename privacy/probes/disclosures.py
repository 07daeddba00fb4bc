"""Disclosures: no data leaves without a recorded order that a second person approved."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from privacy.admin_base.staff_roles import Role
from privacy.disclosure.models import Disclosure
from privacy.evidence.rehearsal.cast import OWNER, STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from privacy.registry.deadlines import local_day

from .requests import ASKERS

ADD = "/admin/disclosure/disclosure/add/"
NAMED = "privacy_choicesrequest"  # the table that the order names; it has no rows about the person


@probe("legal-process-only", stage=Stage.PLANT)
def nothing_leaves_without_an_order_approved_by_another(rehearsal: Rehearsal) -> None:
    """The recorder of an order tries to export it without approval, to approve it alone, and to get more than it
    names."""
    officer, owner = (rehearsal.things[STAFF][role].browser for role in (Role.PRIVACY_OFFICER, OWNER))
    who = "asker for complaint"
    address = rehearsal.things[ASKERS]["complaint"]
    order = record(rehearsal, officer, who, address)
    for step in ("export", "approve", "export"):
        post(officer, order, step)
        rehearsal.tried()
        if officer.content.startswith(b"PK"):
            rehearsal.breach("legal-process-only", "an order is exported that nobody else approved")
            return
    owner.open(order)
    owner.submit("Approve this order")
    officer.open(order)
    officer.submit("Export, once")
    rehearsal.expect(officer.content.startswith(b"PK"), "an approved order can be exported")
    details = next(c for c in rehearsal.canaries if c.owner == who and c.what == "details")
    with zipfile.ZipFile(io.BytesIO(officer.content)) as archive:
        if any(details.word.encode() in archive.read(name) for name in archive.namelist()):
            rehearsal.breach("legal-process-only", "an export holds what its order does not name")
    post(officer, order, "export")
    if officer.content.startswith(b"PK"):
        rehearsal.breach("legal-process-only", "an order is exported twice")
    rehearsal.tried(2)


@probe("legal-process-only", stage=Stage.PLANT)
def a_refused_order_is_not_exported(rehearsal: Rehearsal) -> None:
    officer = rehearsal.things[STAFF][Role.PRIVACY_OFFICER].browser
    who = "asker for access"
    order = record(rehearsal, officer, who, rehearsal.things[ASKERS]["access"])
    officer.open(order)
    officer.follow("Refuse")
    officer.submit("Refuse", reason=rehearsal.canary(who, "reason of a refusal"))
    rehearsal.expect("Nothing was disclosed" in officer.text, "an order can be refused")
    post(officer, order, "export")
    rehearsal.tried()
    if officer.content.startswith(b"PK"):
        rehearsal.breach("legal-process-only", "a refused order is exported")


@probe("legal-process-only", stage=Stage.BREAK_IN)
def colleagues_export_nothing(rehearsal: Rehearsal) -> None:
    """Staff of every other role try to export existing orders."""
    orders = [f"/admin/disclosure/disclosure/{pk}/change/" for pk in Disclosure.objects.values_list("pk", flat=True)]
    for role, member in rehearsal.things[STAFF].items():
        if role in {OWNER, Role.OWNER, Role.PRIVACY_OFFICER}:
            continue
        for order in orders:
            post(member.browser, order, "export")
            rehearsal.tried()
            if member.browser.content.startswith(b"PK"):
                rehearsal.breach("legal-process-only", f"an order is exported by {role}")


def record(rehearsal: Rehearsal, officer: SiteBrowser, who: str, address: str) -> str:
    """Records an order about this person for one kind of row. Returns the URL of its page."""
    officer.open(ADD)
    words = {name: rehearsal.canary(who, f"{name} of an order") for name in ("authority", "order_reference")}
    content = b"%PDF " + rehearsal.canary(who, "order of a court", kept=False).encode()
    document = SimpleUploadedFile("order.pdf", content)
    received = local_day(timezone.now()).isoformat()
    fields: dict[str, Any] = {
        "kind": "court_order",
        "received_on": received,
        "scope": [NAMED],
        "document": document,
        "email": address,
    }
    officer.submit("Save", **words, **fields)
    rehearsal.expect("was added successfully" in officer.text, "an order can be recorded")
    officer.open_first_row("/admin/disclosure/disclosure/")
    return officer.url


def post(staff: SiteBrowser, order: str, step: str) -> None:
    """Posts an action, even if the page has no button for it."""
    staff.open(order)
    token = staff.page.select_one("[name=csrfmiddlewaretoken]")
    data = {"csrfmiddlewaretoken": token["value"] if token else ""}
    staff.send("post", staff.url.replace("/change/", f"/{step}/"), data=data)
