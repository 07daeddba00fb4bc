"""A mail server on loopback that takes messages, or does not."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SmtpServer(socketserver.ThreadingTCPServer):
    """`answer` is what it says to a recipient; `messages` are those it took, `attempts` counts all."""

    daemon_threads = True
    answer = "250 fine"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.messages: list[str] = []
        self.recipients: list[str] = []
        self.attempts = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Conversation(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        self.say("220 loopback")
        while line := self.rfile.readline().decode().strip():
            if line.upper() == "QUIT":
                return self.say("221 bye")
            self.answer(line)

    def answer(self, line: str) -> None:
        if line.upper().startswith("RCPT"):
            self.server.attempts += 1
            self.server.recipients.append(line)
            self.say(self.server.answer)
        elif line.upper() == "DATA":
            self.take()
        else:
            self.say("250 fine")

    def take(self) -> None:
        self.say("354 go on")
        lines = iter(self.rfile.readline, b".\r\n")
        self.server.messages.append(b"".join(lines).decode())
        self.say("250 taken")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
