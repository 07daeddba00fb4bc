"""Every entry point declares its purpose: pages, admin pages, tasks, jobs and commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import get_commands, load_command_class
from django.test import Client
from django.urls import get_resolver

from aitpro.housekeeping import JOBS
from privacy.admin_base.staff_purposes import acts_for_staff
from privacy.mail.sending import deliver_mail
from privacy.registry.purpose_binding import Acting
from privacy.registry.purposes import Audience, Purpose
from privacy.registry.query_purposes import UndeclaredRead, observed
from tests.own_apps import OWN_APPS

# They start others, which say it themselves, or fill an empty demo.
OTHERS_SAY_IT = {"housekeeping", "db_worker", "run_demo", "seed_demo", "probe_promises"}


def pages(patterns: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        if hasattr(pattern, "url_patterns"):
            if getattr(pattern, "app_name", "") != "admin":
                yield from pages(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


@pytest.mark.parametrize(
    ("route", "view"), list(pages(get_resolver().url_patterns)), ids=lambda each: getattr(each, "__name__", each)
)
def test_each_page_is_declared(route: str, view: Any) -> None:
    assert isinstance(view.acts_for, Acting)


def test_pages_of_the_admin_act_for_what_their_rows_are_kept_for() -> None:
    """Also below decorators, as `require_POST` and Django's own."""
    for model, model_admin in admin.site._registry.items():
        for view in (model_admin.changelist_view, model_admin.change_view, model_admin.delete_view):
            acting = acts_for_staff(view)
            assert acting is not None
            assert acting.where.startswith(type(model_admin).__name__), model
            assert {audience for _, audience in acting.uses} <= {Audience.STAFF}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", ["/admin/affiliates/reports/", "/admin/affiliates/why/?reference=x", "/admin/shop/reports/"]
)
def test_a_page_of_staff_that_belongs_to_no_list_acts_for_what_its_address_declares(staff: Client, page: str) -> None:
    undeclared: list[UndeclaredRead] = []
    with observed(undeclared.append):
        assert staff.get(page).status_code == 200
    assert undeclared == []


TASK = type(deliver_mail)  # of django-tasks; of Django itself since 6.0


def tasks() -> Iterator[tuple[str, Any]]:
    """Of all modules: the addresses of the site import them."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OWN_APPS:
            yield from ((key, value) for key, value in vars(module).items() if isinstance(value, TASK))


def test_each_task_is_declared() -> None:
    found = dict(tasks())
    assert len(found) >= 9
    for task in found.values():
        assert hasattr(task.func, "__wrapped__"), task  # `acts_for` or `upkeep`


def test_each_repeating_job_names_purposes_of_the_registry() -> None:
    assert all(purpose in Purpose for job in JOBS.values() for purpose in job.acts_for)


OWN_COMMANDS = sorted(name for name, app in get_commands().items() if app in {*OWN_APPS, "privacy.audit"})


@pytest.mark.parametrize("name", sorted({*OWN_COMMANDS} - OTHERS_SAY_IT))
def test_each_command_is_declared(name: str) -> None:
    handle: Any = load_command_class(get_commands()[name], name).handle
    assert isinstance(handle.acts_for, Acting)
