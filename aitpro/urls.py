from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from privacy.registry.purpose_binding import for_uses

from .health import views as health
from .metadata import views as metadata
from .pages import views as pages

site = [
    path("", pages.HomeView.as_view(), name="home"),
    path("services/", pages.ServicesView.as_view(), name="services"),
    path("about/", pages.AboutView.as_view(), name="about"),
    path("support/", pages.SupportView.as_view(), name="support"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("favicon.ico", metadata.favicon, name="favicon"),
    path("robots.txt", metadata.robots, name="robots"),
    path("sitemap.xml", metadata.sitemap, name="sitemap"),
    path("site.webmanifest", metadata.manifest, name="manifest"),
    path("link-preview.png", metadata.link_preview, name="link_preview"),
    path(".well-known/security.txt", metadata.security_txt, name="security_txt"),
    path(
        ".well-known/change-password",
        RedirectView.as_view(pattern_name="accounts:password_change"),  # W3C: where password managers look
        name="change_password",
    ),
    path(".well-known/security-policy.txt", metadata.security_policy, name="security_policy"),
]

if settings.MAIL_PREVIEW:
    from .demo import mail_preview

    site += mail_preview.urlpatterns

for_uses(site)  # nobody's rows

handler500 = "aitpro.http.error_pages.server_error"

urlpatterns = [
    path("", include((site, "site"))),
    path("", include("shop.urls")),
    path("", include("affiliates.urls")),
    path("", include("api.urls")),
    path("contact/", include("contacts.urls")),
    path("quotes/", include("clients.urls")),
    path("privacy/", include("privacy.urls")),
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("", include("aitpro.pages.urls")),
]
