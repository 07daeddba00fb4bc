"""A real Redis server on loopback and on a Unix socket, which can be killed, made silent, and started again."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from .programs import program
from .running_site import free_port, wait_for


class RedisServer:
    """A server that keeps nothing when it ends, unless `folder` is searched for what `SAVE` wrote there."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.options, self.port = folder, options, free_port()
        self.url, self.unix_url = f"redis://127.0.0.1:{self.port}/0", f"unix://{folder}/redis.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        place = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder))
        where = (*place, "--unixsocket", str(self.folder / "redis.sock"))
        keeping = ("--save", "", "--appendonly", "no", "--rdbcompression", "no")
        command = [program("redis-server"), *where, *keeping, *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(self._answers, "Redis", 20)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.AuthenticationError:
            return True
        except redis.ConnectionError:
            return False

    @property
    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.unix_url)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Its kernel accepts connections, and nothing answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    @contextmanager
    def monitored(self, written: list[bytes]) -> Iterator[None]:
        """Appends whatever clients send within the block, as `MONITOR` shows it."""
        reader = subprocess.Popen(
            [program("redis-cli"), "-s", str(self.folder / "redis.sock"), "monitor"], stdout=subprocess.PIPE
        )
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"OK\n"
        try:
            yield
        finally:
            self.client.echo("the end")
            for line in reader.stdout:
                written.append(line)
                if b"the end" in line:
                    break
            reader.terminate()
            reader.wait()
            reader.stdout.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path_factory.mktemp("redis"))
    started.start()
    yield started
    started.kill()


@pytest.fixture
def redis_server(server: RedisServer) -> Iterator[RedisServer]:
    """Empty, and running again afterward."""
    server.client.flushall()
    yield server
    server.kill()
    server.start()
