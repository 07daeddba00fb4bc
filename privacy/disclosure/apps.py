from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    name = "privacy.disclosure"
    label = "disclosure"
    verbose_name = "Disclosures"
