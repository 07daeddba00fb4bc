"""The staff's page about traffic: a chart, the pages, the domains, each also as a file."""

from __future__ import annotations

import csv
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from privacy.admin_readonly import ReadOnlyAdmin

from .chart import HEIGHT, WIDTH, bars
from .forms import PeriodForm
from .models import DomainDay
from .reports import SHOWN_FROM, Report

LINES = 25  # of the domains and of the pages


@admin.register(DomainDay)
class TrafficAdmin(ReadOnlyAdmin):
    def get_urls(self) -> list[Any]:
        download = self.admin_site.admin_view(self.download)
        return [path("<slug:table>.csv", download, name="traffic_download"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        form = self._period(request)
        report = form.report()
        context = {
            **self.admin_site.each_context(request),
            "title": "Traffic",
            "opts": self.model._meta,
            "form": form,
            "report": report,
            "bars": bars(report.days),
            "width": WIDTH,
            "height": HEIGHT,
            "lines": LINES,
            "shown_from": SHOWN_FROM,
        }
        return TemplateResponse(request, "traffic/admin/report.html", context)

    def download(self, request: HttpRequest, table: str) -> HttpResponse:
        report = self._period(request).report()
        try:
            rows = report.table(table)
        except KeyError:
            raise Http404 from None
        return _file(table, report, rows)

    def _period(self, request: HttpRequest) -> PeriodForm:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return PeriodForm(request.GET or None, today=timezone.now().date())


def _file(table: str, report: Report, rows: list[tuple[object, int]]) -> HttpResponse:
    name = f"traffic-{table}-{report.first}-{report.last}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    writer = csv.writer(response)
    writer.writerow([table.removesuffix("s"), "views"])
    writer.writerows(rows)
    return response
