from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PagesConfig(AppConfig):
    name = "aitpro.pages"
    verbose_name = "Content"

    def ready(self) -> None:
        from affiliates.tracking.landing_pages import register_landing_pages

        from . import redirects  # noqa: F401  (importing connects them)
        from .front_texts import create_front_pages
        from .landing_pages import find_page, listed_pages

        register_landing_pages(find=find_page, listed=listed_pages)
        post_migrate.connect(create_front_pages, sender=self)
