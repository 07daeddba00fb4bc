from django.apps import AppConfig


class KeyStoreConfig(AppConfig):
    name = "privacy.keystore"
    label = "keystore"
