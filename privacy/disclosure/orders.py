"""The life cycle of an order: recorded with its document, approved by a second person, exported once within its
scope."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.template.loader import render_to_string

from privacy.admin_base.four_eyes import acts_alone
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.erasure.erased_rows import refuse_text_about_erased
from privacy.requests.archive import collect, files_of

from .models import Disclosure

State = Disclosure.State
PERMISSION = "disclosure.approve_disclosure"


@transaction.atomic
def record_order(*, order: Disclosure, document: bytes, actor: AbstractBaseUser) -> Disclosure:
    """Stores the order with the hash of its document, but not the document itself."""
    order.document_digest = sha256(document).hexdigest()
    order.recorded_by = actor  # type: ignore[assignment]
    order.save()
    record(action="disclosure.order.recorded", about=order, actor=actor)
    return order


@transaction.atomic
def approve_order(*, order: Disclosure, actor: AbstractBaseUser, now: datetime) -> None:
    """Raises `ActionRefused` for the person who recorded it, if somebody else could approve it."""
    order = _locked(order, State.RECORDED)
    is_own, text = order.recorded_by_id == actor.pk, "Someone else has to approve an order that you recorded."
    alone = acts_alone(actor, is_own=is_own, permission=PERMISSION, refusal=text)
    order.state, order.approved_at, order.approved_alone = State.APPROVED, now, alone
    order.approved_by = actor  # type: ignore[assignment]
    order.save(update_fields=["state", "approved_at", "approved_alone", "approved_by"])
    record(action="disclosure.order.approved", about=order, actor=actor)


@transaction.atomic
def refuse_order(*, order: Disclosure, reason: str, actor: AbstractBaseUser) -> None:
    """Possible until the export, also after the approval. Raises `ActionRefused` afterwards."""
    order = _locked(order, State.RECORDED, State.APPROVED)
    refuse_text_about_erased(order, reason)
    order.state, order.refusal = State.REFUSED, reason
    order.save(update_fields=["state", "refusal"])
    record(action="disclosure.order.refused", about=order, actor=actor)


@transaction.atomic
def export_order(*, order: Disclosure, actor: AbstractBaseUser, now: datetime) -> bytes:
    """The zip file of the data that the order names, created once. Raises `ActionRefused` without an approval."""
    order = _locked(order, State.APPROVED)
    if order.email is None:
        raise ActionRefused("The person's data was deleted; there is nothing to disclose.")
    archive = _archive(order, now)
    order.state, order.exported_at, order.export_digest = State.EXPORTED, now, sha256(archive).hexdigest()
    order.exported_by = actor  # type: ignore[assignment]
    order.save(update_fields=["state", "exported_at", "exported_by", "export_digest"])
    record(action="disclosure.order.exported", about=order, actor=actor)
    return archive


def _archive(order: Disclosure, now: datetime) -> bytes:
    data: dict[str, Any] = {
        "about": order.email,
        "made_at": now.isoformat(timespec="seconds"),
        "by": settings.BUSINESS["name"],
        "for": order.authority,
        "order": order.order_reference,
        "sections": collect(email=order.email or "", tables=frozenset(order.scope)),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", render_to_string("disclosure/export.html", data))
        archive.writestr("data.json", json.dumps(data, indent=2, ensure_ascii=False))
        for path, content in files_of(email=order.email or "", tables=frozenset(order.scope)):
            archive.writestr(path, content)
    return buffer.getvalue()


def _locked(order: Disclosure, *states: str) -> Disclosure:
    order = Disclosure.objects.select_for_update().get(pk=order.pk)
    if order.state not in states:
        raise ActionRefused(f"This order is {order.get_state_display()}.")
    return order
