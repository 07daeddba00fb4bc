"""The apps of this project, for tests that look at all of its code."""

OWN_APPS = ("accounts", "affiliates", "aitpro", "api", "clients", "contacts", "privacy", "shop")
