"""The WSGI application that gunicorn serves. It waits for databases that are not up yet, and does not start on those
that must not serve."""

import os

from django.core.wsgi import get_wsgi_application

from .logs.processes import install_hooks

install_hooks()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitpro.settings")

django_application = get_wsgi_application()

from privacy.databases.outages import through_outages  # noqa: E402  (needs the applications)
from privacy.erasure.readiness import NotReady, require_ready_to_fork  # noqa: E402  (needs the applications)

from .file_permissions import restrict_permissions  # noqa: E402  (needs the settings)
from .http.chunked_bodies import ContentLengthMiddleware  # noqa: E402  (needs the settings)
from .http.kept_pages import KeptPages  # noqa: E402  (needs the applications)
from .shared_memory import load_what_workers_share  # noqa: E402

restrict_permissions()
try:
    through_outages(require_ready_to_fork)
except NotReady as reason:  # the log of an exception leaves out its message
    raise SystemExit(f"aitpro.wsgi: {reason}") from None
load_what_workers_share()

application = ContentLengthMiddleware(KeptPages(django_application))
