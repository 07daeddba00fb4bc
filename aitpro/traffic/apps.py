from django.apps import AppConfig


class TrafficConfig(AppConfig):
    name = "aitpro.traffic"
    verbose_name = "Traffic"
