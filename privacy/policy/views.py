"""Public pages with every version of the policy."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.views.generic import DetailView, ListView

from privacy.evidence.measurement import at_least
from privacy.registry.policy_snapshot import data_table

from .models import PolicyNotice, PolicyVersion


class ChangesView(ListView[PolicyVersion]):
    """All versions, latest first, with changes and notices."""

    template_name = "privacy/changes.html"
    context_object_name = "versions"

    def get_queryset(self) -> Any:
        told = Count("notices", filter=Q(notices__state__in=PolicyNotice.SETTLED))
        return PolicyVersion.objects.public().defer("snapshot").annotate(told=told)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        for version in context["versions"]:
            version.told = at_least(version.told)
        return context


class VersionView(DetailView[PolicyVersion]):
    """The full text of one version."""

    template_name = "privacy/version.html"
    context_object_name = "version"
    slug_field = slug_url_kwarg = "number"

    def get_queryset(self) -> Any:
        return PolicyVersion.objects.public()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        snapshot = self.object.snapshot
        return super().get_context_data(promises=snapshot["promises"], kept=data_table(snapshot), **kwargs)
