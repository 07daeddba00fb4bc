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
        self.background: Background | None = None
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
            "pre_request": lambda worker, request: self.keep_background_busy(),
            "when_ready": lambda arbiter: print(self.greeting, flush=True),
            "post_worker_init": lambda worker: self.start_background(),
            "worker_exit": lambda arbiter, worker: self.stop_background(),
        }
        for name, value in wanted.items():
            self.cfg.set(name, value)

    def start_background(self) -> None:
        """In the worker: since Python 3.13, a thread that was created before a fork can't be started after it."""
        self.background = Background()
        self.background.start()

    def keep_background_busy(self) -> None:
        if self.background:
            self.background.stay_busy()

    def stop_background(self) -> None:
        """Nothing to stop in a worker that failed to start."""
        if self.background:
            self.background.stop()

    def load(self) -> Any:
        """The application, loaded in the worker."""
        connections.close_all()
        return get_wsgi_application()
