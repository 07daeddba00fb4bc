"""The public side of payout proofs: the page that explains them, each run's head with its leaves, and the script that
checks them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.generic import TemplateView

from affiliates.models import PayoutHead

from .proofs import published_run

PER_PAGE = 25
SCRIPT = Path(__file__).with_name("check_payouts.py")
UNCHANGING = {"Cache-Control": "public, max-age=86400"}


class PayoutProofsPage(TemplateView):
    template_name = "affiliates/payout_proofs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        heads = PayoutHead.objects.defer("seed", "lines", "marks")
        script, evidence = reverse("affiliates:payout_checker"), reverse("privacy:evidence_json")
        return super().get_context_data(
            lines=Paginator(heads, PER_PAGE).get_page(self.request.GET.get("page")),
            fetch=f"curl -fsS -O {settings.SITE_URL}{script} -O {settings.SITE_URL}{evidence}",
            **kwargs,
        )


def published_run_json(request: HttpRequest, number: int) -> JsonResponse:
    head = get_object_or_404(PayoutHead, number=number)
    return JsonResponse(published_run(head), headers=UNCHANGING)


def payout_checker(request: HttpRequest) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{SCRIPT.name}"'}
    return HttpResponse(SCRIPT.read_bytes(), content_type="text/x-python; charset=utf-8", headers=headers)
