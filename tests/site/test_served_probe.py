"""The rehearsal starts the server as the Procfile does, on this machine alone, and with its own files."""

from __future__ import annotations

import pytest

from aitpro.probes.served import command, logging_of, surroundings


def test_server_is_started_by_the_procfiles_command_on_loopback_alone() -> None:
    started = command(9999)
    assert started[1:4] == ["-m", "gunicorn", "aitpro.wsgi"]
    assert "127.0.0.1:9999" in started
    assert not [argument for argument in started if "0.0.0.0" in argument or "$" in argument]


@pytest.mark.parametrize(
    ("arguments", "passed_on"),
    [
        ("", ""),
        ("--bind 0.0.0.0:80 --workers 8 --pid /run/site.pid", ""),
        ("--access-logfile /var/log/site.log", "--access-logfile=-"),
        ("--access-logfile=/var/log/site.log --capture-output", "--access-logfile=- --capture-output"),
        ("--access-logformat '%(h)s %(r)s' --log-level debug", "--access-logformat='%(h)s %(r)s' --log-level=debug"),
    ],
)
def test_probe_uses_the_sites_log_format_and_its_own_files(arguments: str, passed_on: str) -> None:
    assert logging_of(arguments) == passed_on


def test_rehearsal_is_the_proxy_in_front_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8")
    assert surroundings(9999)["TRUSTED_PROXIES"] == "10.0.0.0/8,127.0.0.1/32"
