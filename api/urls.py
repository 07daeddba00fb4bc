"""The API, its documentation, and the pages on which tokens are made.

Each endpoint acts for the purposes of the page that shows the same: the portal's, or the admin's.
"""

from django.urls import path

from privacy.registry.purpose_binding import for_uses
from privacy.registry.purposes import Audience, Purpose

from .documentation import views as documentation
from .endpoints.all import OF_AFFILIATES, OF_ORDERS, OWN
from .endpoints.base import ApiEndpoint, UnknownAddress
from .tokens import pages


def _addresses(*endpoints: type[ApiEndpoint]) -> list[object]:
    return [path(f"api/v1/{endpoint.path}", endpoint.as_view(), name=endpoint.name) for endpoint in endpoints]


own, of_orders, of_affiliates = _addresses(*OWN), _addresses(*OF_ORDERS), _addresses(*OF_AFFILIATES)
for_uses(own, (Purpose.AFFILIATE_ACCOUNT, Audience.PERSON), (Purpose.AFFILIATE_ACCOUNT, Audience.AFFILIATE))
for_uses(of_orders, (Purpose.ORDER, Audience.STAFF))
for_uses(of_affiliates, (Purpose.AFFILIATE_ACCOUNT, Audience.STAFF), (Purpose.REFERRAL_TRACKING, Audience.STAFF))

portal = [
    path("affiliates/portal/api/", pages.PortalTokensPage.as_view(), name="portal_tokens"),
    path("affiliates/portal/api/<uuid:pk>/revoke/", pages.PortalRevokeView.as_view(), name="portal_revoke"),
]
for_uses(portal, (Purpose.AFFILIATE_ACCOUNT, Audience.PERSON), (Purpose.AFFILIATE_ACCOUNT, Audience.AFFILIATE))
staff = [
    path("admin/api/tokens/", pages.StaffTokensPage.as_view(), name="staff_tokens"),
    path("admin/api/tokens/<uuid:pk>/revoke/", pages.StaffRevokeView.as_view(), name="staff_revoke"),
]
for_uses(staff, (Purpose.STAFF_ACCOUNT, Audience.PERSON))
public = [
    path("api/v1/", documentation.DocumentationPage.as_view(), name="documentation"),
    path("api/v1/openapi.json", documentation.openapi_document, name="openapi"),
    path("api/v1/<path:unknown>", UnknownAddress.as_view(), name="unknown"),
]
for_uses(public)  # nobody's rows

app_name = "api"
urlpatterns = [*own, *of_orders, *of_affiliates, *portal, *staff, *public]
