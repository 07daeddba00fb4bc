"""System check of the operator's templates of mails (MAIL_TEMPLATES), which names file and line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template

from .rendering import OPERATORS


@register("privacy")
def check_mail_templates(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E063: each file of the folder replaces the template of a mail, and can be read."""
    if not settings.MAIL_TEMPLATES:
        return []
    folder = Path(settings.MAIL_TEMPLATES)
    problems = _problems(folder) if folder.is_dir() else [("", "MAIL_TEMPLATES names no folder.")]
    return [Error(f"{file}: {said}" if file else said, id="privacy.E063") for file, said in problems]


def _problems(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        try:
            if not Path(name).match("*/mail/*.html"):
                raise TemplateDoesNotExist(name)
            get_template(name, using="django")
        except TemplateDoesNotExist:
            yield name, "this is not the template of a mail. The folder holds only what replaces one of them."
            continue
        try:
            get_template(name, using=OPERATORS)
        except TemplateSyntaxError as error:
            line = getattr(getattr(error, "token", None), "lineno", 1)
            yield f"{name}, line {line}", f"{error}."
        except UnicodeDecodeError:
            yield name, "this is not UTF-8."
