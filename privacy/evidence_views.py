"""The public page of evidence, and the same for programs."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from .evidence_models import PromiseState
from .evidence_stock import Row, stock

SOON = {"Retry-After": "5"}  # seconds
SCHEMA = 1  # raised when a program that reads the JSON would have to be changed


def evidence(request: HttpRequest) -> HttpResponse:
    taken = stock()
    if taken is None:
        response = render(request, "privacy/evidence_soon.html", status=503)
        response.headers["Retry-After"] = SOON["Retry-After"]
        return response
    return render(request, "privacy/evidence.html", {"stock": taken, "head": json.dumps(taken.head)})


def evidence_json(request: HttpRequest) -> JsonResponse:
    taken = stock()
    if taken is None:
        return JsonResponse({"schema": SCHEMA, "error": "being measured for the first time"}, status=503, headers=SOON)
    promises = [_as_json(row) for row in taken.rows]
    summary = {"schema": SCHEMA, "measured_at": taken.at.isoformat(), "kept": taken.kept, "broken": taken.broken}
    return JsonResponse({**summary, "promises": promises, "audit_head": taken.head})


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
