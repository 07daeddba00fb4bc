"""Django's SMTP backend on bounded sockets: within a `deadline`, the whole conversation with the mail server ends."""

from __future__ import annotations

import smtplib
import ssl
from typing import Any

from django.core.mail.backends import smtp
from django.utils.functional import cached_property

from privacy.web.bounded_sockets import BoundedSocket, bounded_tls, connect


class _SMTP(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: object) -> BoundedSocket:
        """Without a `timeout` among the options, `smtplib` passes an object of its own."""
        return connect(host, port, timeout=timeout if isinstance(timeout, int | float) else None)


class _SMTPOverTLS(smtplib.SMTP_SSL, _SMTP):
    """`SMTP_SSL` wraps what the next class connects."""


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _SMTPOverTLS if self.use_ssl else _SMTP

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        context: Any = super().ssl_context
        return bounded_tls(context)
