"""Pictures of products: an upload becomes two WebP files of known size, without its metadata and its name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from django import forms
from django.template.defaultfilters import filesizeformat
from PIL import Image, ImageOps

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000  # decoded, a pixel takes four bytes
FORMATS = {"PNG", "JPEG", "MPO", "WEBP"}  # MPO: what some phones make of a JPEG
LARGE, SMALL = 1120, 640  # pixels of width: twice as wide as shown on a desktop, or once

AT_MOST = f"a PNG, JPEG or WebP picture of at most {filesizeformat(MAX_BYTES)}"


@dataclass(frozen=True, kw_only=True)
class EncodedPicture:
    """The columns of a picture's files."""

    large: bytes
    small: bytes
    digest: str
    width: int
    height: int


class PictureField(forms.ImageField):
    """Cleans an upload to an `EncodedPicture`, or to None if there is none."""

    # What is too large for a whole request doesn't arrive at all.
    default_error_messages = {"required": f"Choose {AT_MOST}.", "invalid_image": f"Choose {AT_MOST}."}

    def to_python(self, data: Any) -> Any:
        if data and data.size > MAX_BYTES:
            raise forms.ValidationError(f"Choose {AT_MOST}. This file has {filesizeformat(data.size)}.")
        return super().to_python(data)

    def clean(self, data: Any, initial: Any = None) -> EncodedPicture | None:
        file = super().clean(data, initial)
        return encode(file) if file else None

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"accept": "image/png,image/jpeg,image/webp", "data-max-bytes": MAX_BYTES}


def encode(file: IO[bytes]) -> EncodedPicture:
    """Raises ValidationError if the picture is broken, or too large to decode or to show."""
    file.seek(0)
    try:
        with Image.open(file) as image:
            _check(image)
            upright = ImageOps.exif_transpose(image)
            plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except forms.ValidationError:
        raise
    except Exception:  # whatever Pillow stumbles over in a broken file: OSError, ValueError, struct.error …
        raise forms.ValidationError("This picture is broken. Export it again, as PNG, JPEG or WebP.") from None
    large = _at_most(plain, LARGE)
    content = _webp(large)
    digest = hashlib.sha256(content).hexdigest()
    small = _webp(_at_most(plain, SMALL))
    return EncodedPicture(large=content, small=small, digest=digest, width=large.width, height=large.height)


def _check(image: Image.Image) -> None:
    if image.format not in FORMATS:
        raise forms.ValidationError(f"Choose {AT_MOST}.")
    if image.width * image.height > MAX_PIXELS:
        raise forms.ValidationError(f"This picture has {image.width} × {image.height} pixels. Make it smaller first.")
    if image.height > 3 * image.width:
        raise forms.ValidationError("This picture is more than three times as high as wide. Crop it first.")


def _at_most(image: Image.Image, width: int) -> Image.Image:
    if image.width <= width:
        return image
    return image.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS)


def _webp(image: Image.Image) -> bytes:
    content = BytesIO()
    image.save(content, "WEBP", quality=70, method=6)
    return content.getvalue()
