"""/privacy/archive/<token>/: the archive, for whoever has its link, for seven days."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from privacy.models import AccessArchive
from privacy.requests import receive_request
from tests.privacy.conftest import ERIN
from tests.privacy.inbox import link_mailed_to
from tests.privacy.stored import stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def page(client: Client, erin_and_frank: None) -> str:
    AccessArchive.objects.all().delete()
    receive_request(email=ERIN, kind="access", details="", now=timezone.now())
    return client.post(link_mailed_to(ERIN))["Location"]


def test_the_page_leads_to_the_file(client: Client, page: str) -> None:
    response = client.get(page)
    assert f'href="{page}download/"' in response.content.decode()
    assert "March 9, 2026, 12:00 UTC" in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_the_file_is_a_zip_with_everything(client: Client, page: str) -> None:
    response = client.get(f"{page}download/")
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith("attachment;")
    assert "no-store" in response["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        data = json.loads(archive.read("data.json"))
    assert data["about"] == ERIN
    assert "erin asks" in json.dumps(data)


def test_the_link_that_was_confirmed_is_not_in_it(client: Client, page: str) -> None:
    with zipfile.ZipFile(io.BytesIO(client.get(f"{page}download/").content)) as archive:
        assert "/privacy/request/" not in archive.read("data.json").decode()


def test_archive_is_stored_sealed(page: str) -> None:
    content = stored(AccessArchive.objects.get(), "content")
    assert b"PK" not in content[:40]
    assert b"index.html" not in content


@pytest.mark.parametrize(("age", "status"), [(timedelta(days=7, seconds=-1), 200), (timedelta(days=7), 410)])
def test_archive_expires_after_seven_days_even_without_a_purge(
    client: Client, page: str, clock: time_machine.Traveller, age: timedelta, status: int
) -> None:
    clock.shift(age)
    assert AccessArchive._base_manager.exists()
    for path in (page, f"{page}download/"):
        assert client.get(path).status_code == status


def test_a_page_that_is_gone_shows_a_way_on(client: Client, db: None) -> None:
    response = client.get("/privacy/archive/made-up/")
    assert response.status_code == 410
    assert "Archives are kept for seven days" in response.content.decode()
    assert 'href="/privacy/request/?kind=access"' in response.content.decode()


def test_the_token_is_stored_nowhere(page: str) -> None:
    token = page.strip("/").rpartition("/")[2]
    assert stored(AccessArchive.objects.get(), "link_digest") != token
