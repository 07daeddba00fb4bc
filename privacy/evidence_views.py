"""The public page of evidence, and the same for programs."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from .audit.models import SigningKey
from .audit.signing import public_pem, sign
from .evidence_models import PromiseState
from .evidence_stock import Row, Stock, stock

SOON = {"Retry-After": "5"}  # seconds
SCHEMA = 2  # raised when a program that reads the JSON would have to be changed


def evidence(request: HttpRequest) -> HttpResponse:
    taken = stock()
    if taken is None:
        response = render(request, "privacy/evidence_soon.html", status=503)
        response.headers["Retry-After"] = SOON["Retry-After"]
        return response
    return render(request, "privacy/evidence.html", {"stock": taken, "head": json.dumps(taken.head)})


def evidence_json(request: HttpRequest) -> HttpResponse:
    """Signed as a whole, in a header: a signature at an address of its own could be that of the next minute's."""
    taken = stock()
    if taken is None:
        return JsonResponse({"schema": SCHEMA, "error": "being measured for the first time"}, status=503, headers=SOON)
    document = json.dumps(_document(taken), indent=1).encode()
    return HttpResponse(document, "application/json", headers={"Evidence-Signature": sign(document)})


def evidence_key(request: HttpRequest) -> HttpResponse:
    """The public key that checks the signature of the JSON and of the audit's head."""
    return HttpResponse(public_pem(), "application/x-pem-file")


def _document(taken: Stock) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "measured_at": taken.at.isoformat(),
        "kept": taken.kept,
        "broken": taken.broken,
        "promises": [_as_json(row) for row in taken.rows],
        "audit_head": taken.head,
        "keys": [_key_as_json(key) for key in taken.keys],
    }


def _as_json(row: Row) -> dict[str, Any]:
    finding = row.finding
    return {
        "id": finding.promise.id,
        "promise": finding.promise.sentence,
        "enforced_by": finding.promise.control,
        "test": finding.promise.test,
        "state": "kept" if finding.evidence.kept else "broken",
        "kept": finding.evidence.kept,
        "since": row.since.isoformat(),
        "measured_at": finding.measured_at.isoformat(),
        "figures": finding.evidence.figures,
        "history": [_break_as_json(state) for state in row.breaks],
    }


def _break_as_json(state: PromiseState) -> dict[str, str | None]:
    mended = state.ended_at.isoformat() if state.ended_at else None
    return {"broke_at": state.began_at.isoformat(), "mended_at": mended}


def _key_as_json(key: SigningKey) -> dict[str, str]:
    return {
        "key_id": key.key_id,
        "public_key": key.public_key,
        "first_used_at": key.first_used_at.isoformat(),
        "signed_by": key.signed_by,
        "signature": key.signature,
    }
