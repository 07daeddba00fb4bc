"""What is asked of every page: accessible in both color schemes, and never wider than the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page, ViewportSize

AXE = AXE_FILE_PATH.read_text(encoding="utf-8")
LOOKS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8").partition("*/\n")[2]
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 640}
COLORS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def look(page: Page, what: str, options: dict[str, Any] | None = None) -> Any:
    return page.evaluate(f"options => {LOOKS.strip()}.{what}(options)", options or {})


def problems_of(page: Page) -> list[str]:
    """All at one load: the page is only resized and repainted."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.evaluate(AXE)
    problems = [f"axe, light: {found}" for found in look(page, "violations")]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    problems += [f"axe, dark: {found}" for found in look(page, "violations", COLORS)]
    page.set_viewport_size(NARROW)
    problems += [f"wider than 320 px: {found}" for found in look(page, "wider")]
    page.set_viewport_size(PHONE)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    problems += [f"text at 200%, wider than 390 px: {found}" for found in look(page, "wider")]
    return problems
