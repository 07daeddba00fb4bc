"""Drawings for the demo's products. They explain ideas; none of them claims to be a screenshot."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

WIDTH = 1280
SCALE = 2  # drawn larger, so that edges are smooth

PAPER, SURFACE, LINE = "#f4f7f6", "#ffffff", "#bccac8"
INK, SOFT, BRAND, TINT = "#13262a", "#47595d", "#0e5763", "#deecea"
BRASS, BAD, GOOD = "#ad7818", "#a12a22", "#1d6340"


class Drawing:
    """A picture whose coordinates are pixels of the finished one."""

    def __init__(self, *, height: int) -> None:
        self.height = height
        self.image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def box(self, left: int, top: int, right: int, bottom: int, *, fill: str = SURFACE, line: str = LINE) -> None:
        corners = [side * SCALE for side in (left, top, right, bottom)]
        self.draw.rounded_rectangle(corners, radius=18 * SCALE, fill=fill, outline=line, width=3 * SCALE)

    def text(self, x: int, y: int, words: str, *, size: int = 30, color: str = INK) -> None:
        """Centered on the point."""
        font = ImageFont.load_default(size=size * SCALE)
        self.draw.text((x * SCALE, y * SCALE), words, fill=color, font=font, anchor="mm", align="center")

    def card(self, x: int, y: int, title: str, words: str, *, color: str = BRAND) -> None:
        """360 pixels wide and 170 high, centered on the point."""
        self.box(x - 180, y - 85, x + 180, y + 85, line=color)
        self.text(x, y - 28, title, size=32, color=color)
        self.text(x, y + 26, words, size=24, color=SOFT)

    def arrow(self, left: int, right: int, y: int, *, color: str) -> None:
        self.draw.line([left * SCALE, y * SCALE, (right - 14) * SCALE, y * SCALE], fill=color, width=6 * SCALE)
        self._head([(right, y), (right - 24, y - 14), (right - 24, y + 14)], color)

    def arrow_down(self, x: int, top: int, bottom: int, *, color: str) -> None:
        self.draw.line([x * SCALE, top * SCALE, x * SCALE, (bottom - 14) * SCALE], fill=color, width=6 * SCALE)
        self._head([(x, bottom), (x - 14, bottom - 24), (x + 14, bottom - 24)], color)

    def _head(self, corners: list[tuple[int, int]], color: str) -> None:
        self.draw.polygon([(x * SCALE, y * SCALE) for x, y in corners], fill=color)

    def png(self) -> BytesIO:
        content = BytesIO()
        self.image.resize((WIDTH, self.height), Image.Resampling.LANCZOS).save(content, "PNG")
        content.seek(0)
        return content


def layers() -> BytesIO:
    """A site inside of what protects it."""
    drawing = Drawing(height=800)
    names = ["Firewall", "Login protection", "File monitoring", "Database backup"]
    for depth, (name, fill) in enumerate(zip(names, [PAPER, TINT, PAPER, TINT], strict=True)):
        across, down = 100 * depth, 80 * depth
        drawing.box(220 + across // 2, 50 + down, 1220 - across, 750 - down // 2, fill=fill, line=BRAND)
        drawing.text(720 - across // 4, 90 + down, name, size=30, color=BRAND)
    drawing.box(440, 390, 860, 570)
    drawing.text(650, 450, "Your site", size=44)
    drawing.text(650, 510, "WordPress", size=28, color=SOFT)
    for y in (240, 620):
        drawing.arrow(40, 215, y, color=BAD)
    drawing.text(120, 205, "attack", size=26, color=BAD)
    drawing.arrow(40, 435, 480, color=GOOD)
    drawing.text(120, 445, "visitor", size=26, color=GOOD)
    return drawing.png()


def how_it_works() -> BytesIO:
    """What happens to a request, and to a file that was changed."""
    drawing = Drawing(height=1380)
    drawing.text(640, 80, "The rules come first, WordPress second", size=40)
    drawing.card(220, 250, "Request", "from a visitor\nor an attacker", color=BRASS)
    drawing.card(640, 250, ".htaccess rules", "read by the web server,\nbefore WordPress starts")
    drawing.card(1060, 250, "WordPress", "answers what\nthe rules let through", color=GOOD)
    drawing.card(640, 520, "Refused", "with a line in the log", color=BAD)
    drawing.text(640, 760, "A file that changes is put right", size=40)
    drawing.card(220, 930, "Change", "a file isn't what\nit was", color=BRASS)
    drawing.card(640, 930, "File monitoring", "compares it with\nthe good copy")
    drawing.card(1060, 930, "Auto-restore", "the good copy is\nback in its place", color=GOOD)
    drawing.card(640, 1200, "Quarantine", "the changed file,\nfor you to look at", color=BAD)
    for y in (250, 930):
        drawing.arrow(402, 458, y, color=BRASS)
        drawing.arrow(822, 878, y, color=GOOD)
        drawing.arrow_down(640, y + 87, y + 183, color=BAD)
    return drawing.png()


def setup() -> BytesIO:
    """The steps of a setup."""
    drawing = Drawing(height=560)
    drawing.text(640, 110, "Set up with you, in one appointment", size=40)
    for x, title, words in (
        (220, "1. Agree", "on a time, by email\nor phone"),
        (640, "2. Set up", "and test the site\ntogether"),
        (1060, "3. Hand over", "a written list of\nall settings"),
    ):
        drawing.card(x, 330, title, words)
    drawing.arrow(402, 458, 330, color=BRASS)
    drawing.arrow(822, 878, 330, color=BRASS)
    return drawing.png()
