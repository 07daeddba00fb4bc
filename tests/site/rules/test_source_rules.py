"""Dangerous modules and functions that the site's own code never uses, checked in its syntax trees."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.own_apps import OWN_APPS

DEMO = "aitpro/management/commands/run_demo.py"  # starts the demo's processes; never runs in production

# The rehearsal is a program of its own: it starts the scratch copy's processes, and no page imports it.
REHEARSAL = {
    f"privacy/evidence/rehearsal/{name}.py"
    for name in ("environment", "nightly", "process", "rehearsal", "scratch_copy")
}
REHEARSAL |= {"aitpro/probes/served.py"}  # starts the server, and speaks to it
PAYPAL = {f"shop/paypal/{name}.py" for name in ("client", "certificates", "transport")}
BOUNDED = "privacy/web/bounded_sockets.py"  # connections with a deadline
PUBLIC = "privacy/web/public_https.py"

# module → the files that may import it all the same
MODULES = {
    "aiohttp": set[str](),
    "http.client": {"aitpro/logs/error_reports.py", "privacy/web/bounded_http.py", PUBLIC, *REHEARSAL},
    "httpx": set[str](),
    "requests": PAYPAL,
    "socket": {
        DEMO,
        BOUNDED,
        PUBLIC,
        "shop/paypal/transport.py",
        "aitpro/web_worker.py",
        "aitpro/processes/after_web.py",
        "aitpro/probes/third_parties.py",
        *REHEARSAL,
    },
    "urllib.request": set[str](),
    "urllib3": PAYPAL,
    "subprocess": {  # pg_dump, pg_restore and psql, and the restart that the operator types
        *{DEMO, *REHEARSAL},
        "aitpro/management/commands/upgrade.py",
        "affiliates/payouts/check_payouts.py",  # is published, and never imported
        *{f"aitpro/backups/databases/{name}.py" for name in ("postgres", "postgres_programs")},
    },
    "ctypes": set[str](),
    "ftplib": set[str](),
    "ldap": set[str](),
    "lxml": set[str](),
    "marshal": set[str](),
    "pickle": set[str](),
    "shelve": set[str](),
    "telnetlib": set[str](),
    "xml": {"aitpro/evidence.py"},  # the sitemap, as the site itself has just written it
    "yaml": set[str](),
    "random": {  # invented sales, the same in every demo
        f"aitpro/demo/history/{name}.py" for name in ("paypal_records", "people", "timeline", "year")
    },
}
# call → the files that may make it all the same
CALLS = {
    "eval": set[str](),
    "exec": set[str](),
    "compile": set[str](),
    "__import__": set[str](),
    "os.system": set[str](),
    "os.popen": set[str](),
    # A template is a file of this project, never a text; the first terms are one, with `$` and no code.
    "Template": {"shop/terms/first_drafts.py"},
    "from_string": {"privacy/mail/texts/shipped.py"},  # parts of such files, around and between what staff write
    "SafeString": set[str](),
    "mark_safe": {
        "affiliates/portal/links.py",  # a QR code, drawn from an address of this site
        "privacy/mail/texts/language.py",  # HTML that nh3 has cleaned, and values that templates have escaped
        "privacy/templatetags/page_head.py",  # JSON without a character that HTML knows
        "privacy/web/markdown.py",  # HTML that nh3 has cleaned
    },
    "hashlib.md5": set[str](),
    "hashlib.sha1": set[str](),
    # Never while somebody waits for a page: a view's page refreshes instead.
    "time.sleep": {
        "aitpro/health/watch.py",
        "aitpro/management/commands/housekeeping.py",
        "aitpro/processes/after_web.py",
        "aitpro/processes/worker.py",
        "aitpro/upgrades/after_restart.py",
        "aitpro/upgrades/migrating.py",
        "aitpro/web_worker.py",
        "privacy/databases/outages.py",
        "privacy/erasure/retention.py",
        "privacy/web/idempotency/middleware.py",
        *REHEARSAL,
    },
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    root = Path(settings.BASE_DIR)
    for app in OWN_APPS:
        for path in sorted((root / app).rglob("*.py")):
            yield str(path.relative_to(root)), ast.parse(path.read_text())


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def called(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """`name` and `module.name` of each call; of a call on anything else, the last name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name):
                yield function.id, node
            elif isinstance(function, ast.Attribute):
                yield function.attr, node
                if isinstance(function.value, ast.Name):
                    yield f"{function.value.id}.{function.attr}", node


SOURCES = dict(sources())
IMPORTED = {path: set(imported(tree)) for path, tree in SOURCES.items()}
CALLED = {path: list(called(tree)) for path, tree in SOURCES.items()}


def test_source_files_are_found() -> None:
    assert len(SOURCES) > 200
    assert any(name == "re.compile" for calls in CALLED.values() for name, _ in calls)


@pytest.mark.parametrize("module", MODULES)
def test_dangerous_modules_are_not_imported(module: str) -> None:
    users = {path for path, names in IMPORTED.items() if any(f"{name}.".startswith(f"{module}.") for name in names)}
    assert users <= MODULES[module]


@pytest.mark.parametrize("function", CALLS)
def test_dangerous_functions_are_not_called(function: str) -> None:
    users = {
        path
        for path, calls in CALLED.items()
        if function in {name for name, call in calls if name != "compile" or isinstance(call.func, ast.Name)}
    }
    assert users <= CALLS[function]


def test_format_strings_are_constants() -> None:
    """`"…".format(…)` and `CONSTANT.format(…)` only."""
    strange = [
        (path, call.lineno)
        for path, calls in CALLED.items()
        for name, call in calls
        if name == "format"
        and isinstance(call.func, ast.Attribute)
        and not isinstance(call.func.value, ast.Constant)
        and not (isinstance(call.func.value, ast.Name) and call.func.value.id.isupper())
        and not (isinstance(call.func.value, ast.Call))  # super().format(record)
    ]
    assert strange == []


def test_regular_expressions_are_constants() -> None:
    """Patterns stand in the code; the one of programs that follow links comes from a package."""
    takes_pattern = {"re.compile", "re.match", "re.search", "re.fullmatch", "re.sub", "re.findall", "re.split"}
    allowed = {"affiliates/tracking/bot_detection.py"}
    inside = [
        path
        for path, tree in SOURCES.items()
        if takes_pattern & {name for name, _ in CALLED[path]}
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for name, call in called(ast.Module([function], []))
        if name in takes_pattern and not isinstance(call.args[0], ast.Constant)
    ]
    assert set(inside) <= allowed


def test_class_names_are_unique() -> None:
    """Two classes of one name are confused in imports, searches and messages. Nested classes have their outer one."""
    names = Counter(
        node.name
        for path, tree in SOURCES.items()
        if "/management/commands/" not in path and "/migrations/" not in path
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []
