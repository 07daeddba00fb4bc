"""A mail server on loopback that takes messages, or does not: `aiosmtpd`, told how to misbehave."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


def mailers(port: int, **options: Any) -> dict[str, Any]:
    """`settings.MAILERS` for a server on this port."""
    backend = "privacy.mail.smtp.EmailBackend"
    return {"default": {"BACKEND": backend, "OPTIONS": {"host": "127.0.0.1", "port": port, **options}}}


class SmtpServer:
    """`answer` is what it says to a recipient, `data_answer` to a message; `drops` ends the connection after a message
    without an answer. `attempts` counts recipients asked for, `received` what came, whether or not it was answered."""

    answer = "250 fine"
    data_answer = "250 taken"
    drops = False
    port = 0

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.recipients: list[str] = []
        self.senders: list[str] = []
        self.attempts = 0
        self.conversations: set[Any] = set()
        self.greet: Callable[[], None] = lambda: None  # called before the server says who it is

    async def hang_up(self) -> None:
        """Ends what a client left open, so that nothing of it outlives the test."""
        for conversation in self.conversations:
            if conversation.transport is not None:
                conversation.transport.abort()
        handlers = [conversation._handler_coroutine for conversation in self.conversations]
        await asyncio.gather(*filter(None, handlers), return_exceptions=True)
        await asyncio.sleep(0.01)

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=policy.default) for content in self.received]

    async def handle_MAIL(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.senders.append(address)
        envelope.mail_from = address
        return "250 fine"

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.attempts += 1
        self.recipients.append(address)
        if self.answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        self.received.append(envelope.content)
        if self.drops and server.transport:
            server.transport.abort()  # type: ignore[attr-defined]
        return self.data_answer


class Conversation(SMTP):
    """Does not say a word before `greet` has returned."""

    async def _handle_client(self) -> None:
        self.event_handler.conversations.add(self)
        await asyncio.get_running_loop().run_in_executor(None, self.event_handler.greet)
        await super()._handle_client()


class Listener(Controller):
    def factory(self) -> SMTP:
        return Conversation(self.handler, **self.SMTP_kwargs)


@contextmanager
def smtp_server(*, smtputf8: bool = True) -> Iterator[SmtpServer]:
    """`smtputf8`: whether it takes letters beyond ASCII before the @ (RFC 6531)."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # it writes every line of the conversation
    server = SmtpServer()
    controller = Listener(server, hostname="127.0.0.1", port=_free_port(), enable_SMTPUTF8=smtputf8)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.hang_up(), controller.loop).result(10)
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Gate:
    """Two threads meet: the server stops in `wait`, the test goes on, and opens."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.reached.set()
        assert self.opened.wait(10)
