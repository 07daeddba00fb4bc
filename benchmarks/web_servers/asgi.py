"""The site for servers that speak ASGI; it is served by gunicorn otherwise."""

from __future__ import annotations

from django.core.asgi import get_asgi_application

application = get_asgi_application()
