"""The picture that chats and social networks show beside a link to the site: its icon and its name."""

from __future__ import annotations

import io
import textwrap
from functools import cache

from django.conf import settings
from django.contrib.staticfiles import finders
from PIL import Image, ImageDraw, ImageFont

SIZE = (1200, 630)  # pixels, as Open Graph's readers expect
GROUND, INK, SOFT = "#0d3941", "#f0f6f4", "#bcd2d1"  # --deep, --on-deep, --on-deep-soft of css/variables.css


@cache
def draw_link_preview() -> bytes:
    picture = Image.new("RGB", SIZE, GROUND)
    with Image.open(str(finders.find("aitpro/icons/icon-192.png"))) as icon:
        picture.paste(icon, (100, 100))
    draw = ImageDraw.Draw(picture)
    name = textwrap.fill(settings.BUSINESS["name"], 24, max_lines=3, placeholder=" …")
    draw.multiline_text((100, 350), name, fill=INK, font=ImageFont.load_default(72), spacing=16)
    draw.text((340, 172), settings.BUSINESS["short_name"], fill=SOFT, font=ImageFont.load_default(44))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
