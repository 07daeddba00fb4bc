"""The catalog, the page of a product, and its pictures."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.generic import DetailView, ListView

from privacy.web.client_address import client_address
from privacy.web.rate_limits import network_of
from shop.discounts.codes import LONGEST_IN_LINK, CodeRefused
from shop.discounts.guesses import UnknownCode, price_within_limits
from shop.models import Product, ProductPicture, ProductQuerySet

from .structured_data import faq_data, product_data

PICTURE_SECONDS = 365 * 24 * 60 * 60  # how long browsers keep a picture, whose address changes with its content
SHOWN_RELEASES = 10


def not_for_sale(request: HttpRequest, product: Product | None = None) -> HttpResponse:
    """What a page of a product says that can't be bought. A product that is shown offers its page."""
    shown = product if product and product.is_active else None
    return render(request, "shop/not_on_sale.html", {"product": shown}, status=404)


class CatalogView(ListView[Product]):
    template_name = "shop/catalog.html"
    context_object_name = "products"

    def get_queryset(self) -> ProductQuerySet:
        pictures = Prefetch("pictures", ProductPicture.objects.without_content())
        return Product.objects.active().with_delivery().prefetch_related(pictures)


class ProductView(DetailView[Product]):
    template_name = "shop/product.html"

    def get_queryset(self) -> ProductQuerySet:
        return Product.objects.with_delivery()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        if not self.object.is_active:
            return not_for_sale(request)
        return self.render_to_response(self.get_context_data(object=self.object))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**page_of(self.object), **self._with_code(), **kwargs)

    def _with_code(self) -> dict[str, Any]:
        """The price with the codes of the link."""
        typed = self.request.GET.get("code", "")[:LONGEST_IN_LINK].replace("\x00", "")
        if not typed or not self.object.is_for_sale:
            return {}
        network = network_of(client_address(self.request))
        try:
            price = price_within_limits(product=self.object, typed=typed, network=network, now=timezone.now())
        except UnknownCode as unknown:
            price = unknown.price
        except CodeRefused as refusal:
            return {"code_problem": str(refusal)}
        return {"discounted": price}


def page_of(product: Product) -> dict[str, Any]:
    """The context of a product's page."""
    pictures = list(product.pictures.without_content())
    questions = list(product.questions.all())
    return {
        "product": product,
        "hero": next(iter(pictures), None),
        "screenshots": pictures[1:],
        "features": product.features.all(),
        "questions": questions,
        "releases": product.files.released(timezone.now())[:SHOWN_RELEASES],
        "product_data": product_data(product, pictures),
        "faq_data": faq_data(questions) if questions else None,
    }


@require_safe
def picture(request: HttpRequest, digest: str, size: str) -> HttpResponse:
    """A picture in one of its two widths, for everybody and without a cookie."""
    if size not in {"large", "small"}:
        raise Http404("Pictures are large or small.")
    content = ProductPicture.objects.filter(digest=digest).values_list(size, flat=True).first()
    if content is None:
        raise Http404("There is no such picture.")
    response = HttpResponse(bytes(content), content_type="image/webp")
    response.headers["Cache-Control"] = f"public, max-age={PICTURE_SECONDS}, immutable"
    return response
