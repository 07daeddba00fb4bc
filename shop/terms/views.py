"""The public pages of terms: the current version of each document, and all earlier ones."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from django.views.generic import TemplateView

from shop.models import ShopTerms
from shop.models.terms import TermsQuerySet, VersionedTerms, current_shop_terms


class TermsVersionPage(TemplateView):
    """The current version of a document, or the published one that the address asks for."""

    template_name = "shop/terms_version.html"
    name = ""

    def versions(self) -> TermsQuerySet:
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, versions = timezone.now(), list(self.versions().published().order_by("-number"))
        in_force = next((each for each in versions if each.effective_from <= now), None)
        return super().get_context_data(
            name=self.name,
            terms=self._requested(versions) or in_force,
            in_force=in_force,
            versions=versions,
            now=now,
            **kwargs,
        )

    def _requested(self, versions: list[VersionedTerms]) -> VersionedTerms | None:
        number = self.request.GET.get("version", "")
        return next((version for version in versions if str(version.number) == number), None)


class ShopTermsPage(TermsVersionPage):
    def versions(self) -> TermsQuerySet:
        return ShopTerms.objects.filter(document=self.kwargs["document"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if (document := self.kwargs["document"]) not in ShopTerms.Document.values:
            raise Http404
        self.name = ShopTerms.Document(document).label
        return super().get_context_data(**kwargs)


class TermsOverview(TemplateView):
    template_name = "shop/terms.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        current = {version.document: version for version in current_shop_terms()}
        documents = [(document, current.get(document)) for document in ShopTerms.Document]
        return super().get_context_data(documents=documents, **kwargs)
