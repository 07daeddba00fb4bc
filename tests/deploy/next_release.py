"""The release after this one, in a folder of its own. A new column of each order, with an index, says who placed it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.running_site import ROOT

COLUMN = "packed"
FIELD = "    packed = models.PositiveSmallIntegerField(null=True, default=1)\n"
INDEX = "models.Index(fields=['packed'], name='shop_order_packed')"
MIGRATIONS = {
    "1001_packed": f"""
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("shop", "{{last}}")]
    operations = [migrations.AddField("order", "packed", {FIELD.partition(" = ")[2].strip()})]
""",
    "1002_packed_index": f"""
from django.db import migrations, models
from privacy.databases.operations import AddIndexConcurrently

class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shop", "1001_packed")]
    operations = [AddIndexConcurrently("order", {INDEX})]
""",
}


def build(folder: Path) -> Path:
    """The tracked files, changed as a developer would."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.rstrip("\0").split("\0"):
        if not name.startswith(("tests/", "docs/")) and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    order = folder / "shop/models/order.py"
    _replace(order, ' other_columns="id reference', ' other_columns="packed id reference')
    _replace(order, "    state = ", FIELD + "    state = ")
    _replace(order, "        indexes = [", f"        indexes = [{INDEX}, ")
    migrations = folder / "shop/migrations"
    last = max(path.stem for path in migrations.glob("0*.py"))
    for name, text in MIGRATIONS.items():
        (migrations / f"{name}.py").write_text(text.replace("{last}", last))
    return folder


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{old!r} in {file.name}"
    file.write_text(text.replace(old, new))
