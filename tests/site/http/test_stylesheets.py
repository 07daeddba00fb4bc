"""One stylesheet per area, put together from its parts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.test.utils import override_settings

from tests.site.pages import FORMS, MISSING, READING

SOURCES = Path(settings.BASE_DIR) / "static/aitpro"
PARTS = sorted((SOURCES / "css").glob("*.css"))
AREAS = sorted((SOURCES / "areas").glob("*.css"))


def imports(area: Path) -> list[Path]:
    return [(area.parent / name).resolve() for name in re.findall(r'@import url\("([^"]+)"\);', area.read_text())]


def test_each_part_belongs_to_an_area() -> None:
    assert AREAS
    used = {part for area in AREAS for part in imports(area)}
    assert {part.name for part in used} == {part.name for part in PARTS}


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files as production serves them."""
    folder = tmp_path_factory.mktemp("static")
    storages = settings.STORAGES | {
        "staticfiles": {"BACKEND": "aitpro.area_stylesheets.AreaStylesheetStorage"},
    }
    with override_settings(STORAGES=storages, STATIC_ROOT=str(folder)):
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.stem)
def test_collected_stylesheet_holds_its_parts_and_imports_nothing(area: Path, collected: Path) -> None:
    (hashed,) = (collected / "aitpro/areas").glob(f"{area.stem}.*.css")
    text = hashed.read_text()
    assert "@import" not in text
    places = [text.index(part.read_text()[:60]) for part in imports(area)]
    assert places == sorted(places)
    for address in re.findall(r'url\("([^"#]+)', text):
        assert (hashed.parent / address).resolve().is_file(), address


def test_each_icon_that_a_stylesheet_names_is_drawn() -> None:
    drawn = set(re.findall(r'<view id="(\w+)"', (SOURCES / "img/icons.svg").read_text()))
    named = {icon for part in PARTS for icon in re.findall(r"icons\.svg#([\w-]+)", part.read_text())}
    assert named
    assert named <= drawn


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("address", [*READING, *FORMS, *MISSING, "/privacy/evidence/"])
def test_each_page_loads_one_stylesheet(client: Client, address: str) -> None:
    page = BeautifulSoup(client.get(address).content, "html.parser")
    (stylesheet,) = page.find_all("link", rel="stylesheet")
    assert finders.find(str(stylesheet["href"]).removeprefix("/static/"))
