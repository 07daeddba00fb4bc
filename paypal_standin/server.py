"""The web server: gunicorn inside this program, one process, some threads."""

from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connections
from gunicorn.app.base import BaseApplication

from .background import Background

THREADS = 8


class Server(BaseApplication):  # type: ignore[misc]
    """Serves on the loopback address until SIGINT or SIGTERM."""

    def __init__(self, port: int, greeting: str) -> None:
        self.port, self.greeting = port, greeting
        self.background = Background()
        super().__init__()

    def load_config(self) -> None:
        """Gunicorn's settings; nothing is read from files or the environment."""
        wanted: dict[str, Any] = {
            "bind": f"127.0.0.1:{self.port}",
            "workers": 1,
            "threads": THREADS,
            "worker_class": "gthread",
            "timeout": 0,
            "graceful_timeout": 1,
            "accesslog": None,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": lambda arbiter: print(self.greeting, flush=True),
            "post_worker_init": lambda worker: self.background.start(),
            "worker_exit": lambda arbiter, worker: self.background.stop(),
        }
        for name, value in wanted.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application, loaded in the worker."""
        connections.close_all()
        return get_wsgi_application()
