"""Encryption at rest: keys, sealed values, sealed fields and blind indexes (docs/encryption.md)."""

import django_stubs_ext

django_stubs_ext.monkeypatch()  # Django's field classes take type arguments
