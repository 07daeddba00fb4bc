"""The way of an order: recorded with its document, approved by a second person, exported once, within its scope."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.template.loader import render_to_string

from privacy.audit.trail import record
from privacy.requests.archive import collect, files_of

from .models import Disclosure

State = Disclosure.State
PERMISSION = "disclosure.approve_disclosure"


class DisclosureRefused(Exception):
    """The step can't be taken; the text tells staff why."""


@transaction.atomic
def record_order(*, order: Disclosure, document: bytes, recorded_by: AbstractBaseUser) -> Disclosure:
    """Stores the order with the digest of its document. The document itself stays with whoever keeps the papers."""
    order.document_digest = sha256(document).hexdigest()
    order.recorded_by = recorded_by  # type: ignore[assignment]
    order.save()
    record(action="disclosure.order.recorded", about=order, actor=recorded_by)
    return order


@transaction.atomic
def approve_order(*, order: Disclosure, approved_by: AbstractBaseUser, now: datetime) -> None:
    """Raises `DisclosureRefused` for the person who recorded it, while there is a second one who may."""
    order = _locked(order, State.RECORDED)
    alone = order.recorded_by_id == approved_by.pk
    if alone and _others_who_may(approved_by):
        raise DisclosureRefused("Somebody else has to approve what you recorded.")
    order.state, order.approved_at, order.approved_alone = State.APPROVED, now, alone
    order.approved_by = approved_by  # type: ignore[assignment]
    order.save(update_fields=["state", "approved_at", "approved_alone", "approved_by"])
    record(action="disclosure.order.approved", about=order, actor=approved_by)


@transaction.atomic
def refuse_order(*, order: Disclosure, reason: str, refused_by: AbstractBaseUser) -> None:
    """Also an approved one, as long as nothing was exported. Raises `DisclosureRefused` afterwards."""
    order = _locked(order, State.RECORDED, State.APPROVED)
    order.state, order.refusal = State.REFUSED, reason
    order.save(update_fields=["state", "refusal"])
    record(action="disclosure.order.refused", about=order, actor=refused_by)


@transaction.atomic
def export_order(*, order: Disclosure, exported_by: AbstractBaseUser, now: datetime) -> bytes:
    """The zip file with what the order names, made once. Raises `DisclosureRefused` without an approval."""
    order = _locked(order, State.APPROVED)
    if order.email is None:
        raise DisclosureRefused("The person was deleted; there is nothing to disclose.")
    archive = _archive(order, now)
    order.state, order.exported_at, order.export_digest = State.EXPORTED, now, sha256(archive).hexdigest()
    order.exported_by = exported_by  # type: ignore[assignment]
    order.save(update_fields=["state", "exported_at", "exported_by", "export_digest"])
    record(action="disclosure.order.exported", about=order, actor=exported_by)
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
        raise DisclosureRefused(f"This can't be done any more: it is {order.get_state_display()}.")
    return order


def _others_who_may(person: AbstractBaseUser) -> bool:
    """Whether a second member of staff could approve."""
    staff = get_user_model()._default_manager.filter(is_active=True, is_staff=True).exclude(pk=person.pk)
    return any(other.has_perm(PERMISSION) for other in staff)
