from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AitproConfig(AppConfig):
    name = "aitpro"


class SiteAdminConfig(AdminConfig):
    default_site = "aitpro.admin_site.SiteAdmin"
