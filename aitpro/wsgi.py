"""The WSGI application that gunicorn serves. It does not start on databases that must not serve."""

import os

from django.core.wsgi import get_wsgi_application

from .logs.processes import install_hooks

install_hooks()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitpro.settings")

django_application = get_wsgi_application()

from privacy.erasure.readiness import require_ready_to_fork  # noqa: E402  (needs the applications)

from .file_permissions import restrict_permissions  # noqa: E402  (needs the settings)
from .http.chunked_bodies import ContentLengthMiddleware  # noqa: E402  (needs the settings)
from .shared_memory import load_what_workers_share  # noqa: E402

restrict_permissions()
require_ready_to_fork()
load_what_workers_share()

application = ContentLengthMiddleware(django_application)
