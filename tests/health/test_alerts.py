"""The example files for Prometheus fit what `/metrics` says."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings as site
from django.test import Client
from django.utils import timezone

from aitpro.backups.last_backup import record_backup
from aitpro.health.job_runs import measured, store_runs
from aitpro.health.parts import PARTS
from aitpro.housekeeping import JOBS
from aitpro.urls import site as site_patterns
from tests import factories

from .test_metrics import counted, figures, scrape, visitor  # noqa: F401  (fixtures)

FOLDER = Path(site.BASE_DIR) / "deploy" / "prometheus"
FUNCTIONS = {"sum", "rate", "by", "le", "increase", "absent", "histogram_quantile", "or", "and", "up"}


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return list(group["rules"])


def test_each_alert_says_what_is_wrong_and_how_urgent_it_is() -> None:
    assert len(rules()) >= 12
    assert len({rule["alert"] for rule in rules()}) == len(rules())
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith((".", "?"))


def test_each_alert_is_about_figures_that_there_are(visitor: Client) -> None:  # noqa: F811
    visitor.get("/about/")
    factories.attempts()
    record_backup(at=timezone.now() - timedelta(hours=1))
    for job in JOBS:
        with measured(job):
            pass
    store_runs(now=timezone.now())
    there = {name for name, _ in figures(scrape(visitor))}
    for rule in rules():
        used = set(re.findall(r"aitpro_\w+", rule["expr"]))
        assert used <= there, rule["alert"]
        assert used or rule["alert"] == "SiteDown"


def test_each_label_in_an_alert_has_such_a_value(visitor: Client) -> None:  # noqa: F811
    text = scrape(visitor)
    found = {(label, value) for rule in rules() for label, value in re.findall(r'(\w+)=~?"([^"]+)"', rule["expr"])}
    assert ("state", "given_up") in found
    for label, values in found - {("job", "aitpro"), ("status", "5xx")}:
        for value in values.split("|"):
            assert f'{label}="{value}"' in text, (label, value)
    names = {part.name for part in PARTS}
    for excluded in re.findall(r'part!~"([^"]+)"', str(rules())):
        assert set(excluded.split("|")) < names


def test_prometheus_asks_for_the_page_that_there_is() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    [job] = config["scrape_configs"]
    assert job["metrics_path"].lstrip("/") in {str(pattern.pattern) for pattern in site_patterns}
    assert job["job_name"] == "aitpro"
    assert [(FOLDER / name).is_file() for name in config["rule_files"]] == [True]
    [manager] = config["alerting"]["alertmanagers"]
    assert manager["static_configs"] == [{"targets": ["127.0.0.1:9093"]}]


def test_alerts_of_both_kinds_are_mailed() -> None:
    mails = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())
    receivers = {receiver["name"] for receiver in mails["receivers"] if receiver["email_configs"]}
    routes = [mails["route"], *mails["route"]["routes"]]
    assert {route["receiver"] for route in routes} <= receivers
    urgent = [matcher for route in routes for matcher in route.get("matchers", [])]
    assert urgent == ['severity="page"']
    assert {rule["labels"]["severity"] for rule in rules()} == {"page", "ticket"}
