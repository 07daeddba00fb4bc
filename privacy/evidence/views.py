"""The public evidence page, its JSON and the public key."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from privacy.audit.signing import public_pem, sign

from .json_document import SCHEMA, as_json
from .outside_verification import check_commands, fingerprint
from .snapshot import stock

SOON = {"Retry-After": "5"}  # seconds


def evidence(request: HttpRequest) -> HttpResponse:
    """`?promise=ID` opens that promise's row, for browsers that don't open it because of the fragment."""
    taken = stock()
    if taken is None:
        response = render(request, "privacy/evidence_soon.html", status=503)
        response.headers["Retry-After"] = SOON["Retry-After"]
        return response
    checks = {"commands": check_commands(), "fingerprint": fingerprint()}
    return render(
        request, "privacy/evidence.html", {"stock": taken, "opened": request.GET.get("promise", ""), **checks}
    )


def evidence_json(request: HttpRequest) -> HttpResponse:
    """Signed in a header, because a signature at a separate URL could belong to a newer document."""
    taken = stock()
    if taken is None:
        return JsonResponse({"schema": SCHEMA, "error": "being measured for the first time"}, status=503, headers=SOON)
    document = as_json(taken)
    return HttpResponse(document, "application/json", headers={"Evidence-Signature": sign(document)})


def evidence_key(request: HttpRequest) -> HttpResponse:
    """The public key to verify the JSON and the audit head."""
    return HttpResponse(public_pem(), "application/x-pem-file")
