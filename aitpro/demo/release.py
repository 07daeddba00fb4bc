"""The demo's product: a small WordPress plug-in as a reproducible ZIP file."""

from __future__ import annotations

import io
import zipfile

VERSION = "1.0"
NOTES = "The first version that is offered here."
_BUILT = (2026, 1, 1, 0, 0, 0)

_PLUGIN = """<?php
/**
 * Plugin Name: BPS Pro (demo)
 * Description: Stands in for BulletProof Security Pro in the demo of this site. It tells WordPress not to name its
 *              version to visitors, and does nothing else.
 * Version: 1.0
 * License: GPL-2.0-or-later
 */

defined( 'ABSPATH' ) || exit;

remove_action( 'wp_head', 'wp_generator' );
add_filter( 'the_generator', '__return_empty_string' );
"""

_README = """=== BPS Pro (demo) ===

This is the file that the demo delivers in the place of the real product.

1. In WordPress, open Plugins > Add New > Upload Plugin, and choose this zip file.
2. Activate it.
3. Your license key is on your order page.
"""


def release_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {"bps-pro/bps-pro.php": _PLUGIN, "bps-pro/readme.txt": _README}.items():
            archive.writestr(zipfile.ZipInfo(name, _BUILT), text)
    return buffer.getvalue()
