"""The text of a mail as it ships, in the language of staff (`language.py`), read from its template."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.template import engines
from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import SafeString

from privacy.registry.mail_variables import declared_variables
from privacy.web.markdown import render_markdown

from .language import Variable, names_in

BUSINESS = {"business.name": "business_name", "business.short_name": "business_short_name"}
BUSINESS |= {"business.phone": "business_phone", "site_url": "site"}
_BLOCK = re.compile(r"{% block (\w+) %}(.*?){% endblock \1 %}", re.DOTALL)
_CODE = re.compile(r"""{%\ *button\ +"(?P<label>[^"]*)"\ +(?P<link>.*?)\ *%}|{{\ *(?P<value>.*?)\ *}}""", re.VERBOSE)
_BESIDE = re.compile(r"(?<=}}) (?={{)")  # between two blocks
_HAS_BLOCKS = re.compile(r"<(?:p|ul|table)\b|{%\s*button|\|(?:linebreaks|markdown)\b")


@dataclass(frozen=True)
class ShippedText:
    subject: str
    body: str
    variables: Mapping[str, Variable]  # by name
    template: str
    loads: str

    @property
    def digest(self) -> str:
        """Changes with the text, not with its code."""
        return hashlib.sha256(f"{self.subject}\n\n{self.body}".encode()).hexdigest()

    def values(self, names: Iterable[str], context: Mapping[str, Any]) -> dict[str, str]:
        """The HTML of these variables in a mail with this context."""
        engine = engines["django"]
        sources = {name: self.loads + self.variables[name].source for name in names}
        return {name: engine.from_string(source).render({**context}).strip() for name, source in sources.items()}

    def samples(self) -> dict[str, str]:
        return {
            name: str(render_markdown(variable.sample)).strip() if variable.is_block else escape(variable.sample)
            for name, variable in self.variables.items()
        }

    def with_text(self, *, subject: SafeString, body: SafeString, context: Mapping[str, Any]) -> str:
        """The whole mail with another subject and body. Everything around them is the template's."""
        frame = (
            f'{{% extends "{self.template}" %}}{{% block subject %}}{{{{ own_subject }}}}{{% endblock %}}'
            "{% block body %}{{ own_body }}{% endblock %}"
        )
        return engines["django"].from_string(frame).render({**context, "own_subject": subject, "own_body": body})


def template_name(kind: str) -> str:
    """`shop/mail/receipt.html`, for the kind `shop/receipt`."""
    app, _, name = kind.partition("/")
    return f"{app}/mail/{name}.html"


@cache
def shipped_text(kind: str) -> ShippedText:
    """Raises `ImproperlyConfigured` for a template that shows what isn't declared."""
    name = template_name(kind)
    source: str = get_template(name, using="django").template.source  # type: ignore[attr-defined]
    loads = "{% load mail %}" + "".join(re.findall(r"{% load [\w ]+ %}", source))
    reader = _TemplateReader(kind)
    blocks = dict(_BLOCK.findall(source))
    subject, body = (reader.read(blocks[block]) for block in ("subject", "body"))
    in_body = names_in(body)
    variables = {each.name: replace(each, required=each.required and each.name in in_body) for each in reader.found}
    return ShippedText(" ".join(subject.split()), _as_markdown(body), variables, name, loads)


class _TemplateReader:
    """Replaces the code in a template by variables, and collects them."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.declared = declared_variables(kind.partition("/")[0])
        self._variables: dict[str, Variable] = {}

    @property
    def found(self) -> Iterable[Variable]:
        return self._variables.values()

    def read(self, source: str) -> str:
        source = _BLOCK.sub(lambda found: self._named(f"block {found[1]}", found[2]), source)
        source = _CODE.sub(self._variable, source)
        if "{%" in source or "{#" in source:
            found = re.findall(r"{[%#].*?[%#]}", source)[0]
            raise ImproperlyConfigured(f"{self.kind}: put “{found}” into a block with a name of its own.")
        return source

    def _variable(self, found: re.Match[str]) -> str:
        if found["link"]:
            link = self._named(f"link {found['link']}", f"{{% link {found['link']} %}}")
            return f'<p><a href="{link}">{found["label"]}</a></p>'
        return self._named(found["value"], found[0])

    def _named(self, code: str, source: str) -> str:
        """The variable as staff write it. Blocks were replaced before what is around them, and stay as they are."""
        if code in self._variables:
            return f"{{{{ {code} }}}}"
        name, sample, required = self._declaration(code)
        variable = Variable(
            name=name,
            source=source,
            sample=sample,
            is_link=code.startswith("link "),
            is_block=bool(_HAS_BLOCKS.search(source)),
            required=required or code.startswith(("link ", "block ")),
        )
        if self._variables.setdefault(name, variable).source != source:
            raise ImproperlyConfigured(f"{self.kind}: two variables are called {name}.")
        return f"{{{{ {name} }}}}"

    def _declaration(self, code: str) -> tuple[str, str, bool]:
        if code in BUSINESS:
            value = settings.SITE_URL if code == "site_url" else settings.BUSINESS[code.removeprefix("business.")]
            return BUSINESS[code], value, False
        if code not in self.declared:
            raise ImproperlyConfigured(f"{self.kind}: declare “{code}” in mail_variables of the app's mails.py.")
        declared = self.declared[code]
        sample = f"{settings.SITE_URL}/made-up/" if code.startswith("link ") else declared.sample
        return declared.name, sample, declared.required


def _as_markdown(html: str) -> str:
    return "\n\n".join(_paragraphs(BeautifulSoup(html, "html.parser")))


def _paragraphs(parent: Tag) -> Iterator[str]:
    for child in parent.children:
        if isinstance(child, Tag) and child.name == "blockquote":
            yield "\n>\n".join(f"> {paragraph}" for paragraph in _paragraphs(child))
        elif isinstance(child, Tag) and child.name == "ul":
            yield "\n".join(f"- {_words(item)}" for item in child("li"))
        elif words := _words(child) if isinstance(child, Tag) else " ".join(str(child).split()):
            yield from _BESIDE.split(words) if isinstance(child, NavigableString) else [words]


def _words(tag: Tag) -> str:
    return " ".join("".join(map(_inline, tag.children)).split())


def _inline(node: Any) -> str:
    if isinstance(node, NavigableString):
        return str(node)
    marks = {"strong": "**", "em": "*", "code": "`"}.get(node.name, "")
    words = f"{marks}{_words(node)}{marks}"
    return f"[{words}]({node['href']})" if node.name == "a" else words
