"""The public page of evidence, and the same for programs."""

from __future__ import annotations

import json
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from .audit.heads import signed_head
from .evidence import Finding, findings

MEASURED_FOR = 60  # seconds: a busy page costs one measurement a minute


def evidence(request: HttpRequest) -> HttpResponse:
    measured = _measured()
    return render(request, "privacy/evidence.html", {**measured, "head": json.dumps(measured["head"])})


def evidence_json(request: HttpRequest) -> JsonResponse:
    measured = _measured()
    promises = [_as_json(finding) for finding in measured["findings"]]
    return JsonResponse(
        {"measured_at": measured["now"].isoformat(), "promises": promises, "audit_head": measured["head"]}
    )


def _measured() -> dict[str, Any]:
    """Nothing personal is in it, so that it may lie in a cache."""
    return cache.get_or_set("privacy.evidence", _measure, MEASURED_FOR) or _measure()


def _measure() -> dict[str, Any]:
    now = timezone.now()
    return {"now": now, "findings": list(findings(now=now)), "head": signed_head()}


def _as_json(finding: Finding) -> dict[str, Any]:
    evidence = finding.evidence
    return {
        "id": finding.promise.id,
        "promise": finding.promise.sentence,
        "enforced_by": finding.promise.control,
        "measured": evidence is not None,
        "kept": None if evidence is None else evidence.kept,
        "figures": {} if evidence is None else evidence.figures,
    }
