"""A module of probes that its package doesn't import would never run, and nothing would be red."""

from __future__ import annotations

import sys
from pkgutil import iter_modules

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from privacy.evidence.rehearsal.probes import all_probes


def test_every_module_of_probes_is_imported_by_its_package() -> None:
    assert all_probes()
    packages = [config.name for config in apps.get_app_configs() if module_has_submodule(config.module, "probes")]
    modules = {
        f"{name}.probes.{module.name}"
        for name in packages
        for module in iter_modules(getattr(sys.modules[f"{name}.probes"], "__path__", []))
    }
    assert "shop.probes.refunds" in modules
    assert modules - sys.modules.keys() == set()
