"""The language in which staff write mails: paragraphs, lists, quotes, emphasis and links of Markdown, and variables.

Its text is never a template. A name in double braces is replaced by a value, once, after everything else has become
HTML and nh3 has removed what isn't allowed; values are HTML that the code has escaped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_RULES = ["backticks", "blockquote", "emphasis", "escape", "link", "list", "newline"]
_to_html = MarkdownIt("zero").enable(_RULES)
_TAGS = {"a", "blockquote", "br", "code", "em", "li", "p", "strong", "ul"}
_VARIABLE = re.compile(r"{{[^\S\n]*([a-z][a-z_]*)[^\S\n]*}}")
_BRACES = re.compile(r"{{[^\n}]*}?}?|{[%#][^\n}]*}?|[}%#]}")
_LINK = re.compile(r"\]\(\s*<?\s*([^)\s>]*)")
_TAG = re.compile(r"<[a-zA-Z/!?][^\n>]*>?")
# In the HTML: a paragraph of one variable, the address of a link, a variable among words.
_PLACES = re.compile(r'<p>{{(\w+)}}</p>|href="%7B%7B(\w+)%7D%7D"|{{(\w+)}}')
_OWN_LINK = re.compile(r"https://|%7B%7B\w+%7D%7D$")
_PARAGRAPHS = re.compile(r"<(?:blockquote|p|table|ul)\b")
_BUTTON = re.compile(r'<p>(<a )(href="%7B%7B\w+%7D%7D">[^\n]*?</a></p>)')


@dataclass(frozen=True, kw_only=True)
class Variable:
    name: str
    source: str  # the code of its value, ours
    sample: str
    is_link: bool  # its value is an address
    is_block: bool  # its value is paragraphs, and stands in a paragraph's place
    required: bool

    @property
    def written(self) -> str:
        return f"[…]({{{{ {self.name} }}}})" if self.is_link else f"{{{{ {self.name} }}}}"


def names_in(text: str) -> set[str]:
    return set(_VARIABLE.findall(text))


def subject_html(text: str, values: Mapping[str, str]) -> SafeString:
    """Raises `KeyError` for a variable without a value."""
    html = re.sub(r"{{(\w+)}}", lambda found: values[found[1]], escape(_close(text)))
    return mark_safe(html)  # noqa: S308  (escaped, as the values are)


def body_html(text: str, values: Mapping[str, str]) -> SafeString:
    """Raises `KeyError` for a variable without a value. A link alone in its paragraph is a button."""
    html = _BUTTON.sub(r'<p class="action">\1class="button" \2', _sanitized(text))

    def value(found: re.Match[str]) -> str:
        alone, address, among = found.groups()
        if address:
            return f'href="{values[address]}"'
        if among:
            return values[among]
        is_inline = values[alone] and not _PARAGRAPHS.match(values[alone])
        return f"<p>{values[alone]}</p>" if is_inline else values[alone]

    return mark_safe(_PLACES.sub(value, html))  # noqa: S308  (sanitized, and the values are escaped)


def subject_problems(text: str, variables: Mapping[str, Variable]) -> Iterator[str]:
    """What staff have to change, in sentences; nothing if the subject can be used."""
    if "\n" in text or "\r" in text:
        yield "Write the subject on one line."
    yield from _unknown(text, variables)
    for name in sorted(names_in(text) & variables.keys()):
        if variables[name].is_link or variables[name].is_block:
            yield f"{{{{ {name} }}}} belongs into the body."
    if found := _TAG.search(text):
        yield f"Write the subject without HTML such as “{found[0][:60]}”."


def body_problems(text: str, variables: Mapping[str, Variable]) -> Iterator[str]:
    """The same for the body. Each problem names its line."""
    text = text.replace("\r\n", "\n")
    yield from _unknown(text, variables)
    yield from _at(text, _TAG, "Write this in Markdown, without HTML such as")
    yield from _at(text, re.compile(r"!\["), "A mail has no pictures:")
    yield from _at(text, re.compile(r"^(?:#{1,6} |```|~~~|\d+[.)] |[ \t]+[-*+] )", re.M), "A mail can't have this:")
    yield from _links(text, variables)
    html = _sanitized(text)
    hidden = {name for found in _PLACES.findall(html) for name in found if name} - variables.keys() - names_in(text)
    if hidden or any(not _OWN_LINK.match(target) for target in re.findall(r'href="([^"]*)"', html)):
        yield "Write variables and links as in the shipped text, without backslashes and line breaks in them."
    if re.search(r"<a [^>]*>\s*</a>", html):
        yield "Each link needs words: [these words](…)."
    for name in sorted(names_in(text) & variables.keys()):
        if (
            variables[name].is_link and f"{{{{{name}}}}}" in html
        ):  # among words, it could become part of another address
            yield f"{_line(text, name)}{{{{ {name} }}}} is the address of a link: write [some words]({{{{ {name} }}}})."
        if variables[name].is_block and f"{{{{{name}}}}}" in html.replace(f"<p>{{{{{name}}}}}</p>", ""):
            yield f"{_line(text, name)}{{{{ {name} }}}} needs a paragraph of its own, with an empty line around it."
    shown = Counter(name for found in _PLACES.findall(html) for name in found if name)
    written = Counter(_VARIABLE.findall(text))
    for name in sorted(variables):
        if written[name] > shown[name]:  # there it would stay as it is written
            yield f"{_line(text, name)}{{{{ {name} }}}} can't be a part of a link's address."
    for variable in variables.values():
        if variable.required and not _is_shown(variable, html):
            yield f"This mail has to contain {variable.written}."


def _is_shown(variable: Variable, html: str) -> bool:
    written = f'href="%7B%7B{variable.name}%7D%7D"' if variable.is_link else f"{{{{{variable.name}}}}}"
    return written in html


def _unknown(text: str, variables: Mapping[str, Variable]) -> Iterator[str]:
    """What is in braces and is no variable: code of templates, other names, dots and filters."""
    for number, line in enumerate(text.split("\n"), start=1):
        for found in _BRACES.finditer(_VARIABLE.sub(lambda known: known[0] if known[1] not in variables else "", line)):
            yield f"Line {number}: “{found[0][:60]}” is not one of this mail's variables. They are listed below."


def _links(text: str, variables: Mapping[str, Variable]) -> Iterator[str]:
    links = {f"{{{{{name}}}}}" for name, variable in variables.items() if variable.is_link}
    for number, line in enumerate(_close(text).split("\n"), start=1):
        for found in _LINK.finditer(line):
            target = found[1]
            if target not in links and not re.match(r"https://[\w-]", target):
                yield (
                    f"Line {number}: a link leads to one of this mail's own links, or to an address that begins with"
                    f" https://, not to “{target[:60]}”."
                )


def _at(text: str, pattern: re.Pattern[str], said: str) -> Iterator[str]:
    for found in pattern.finditer(text):
        yield f"Line {text.count(chr(10), 0, found.start()) + 1}: {said} “{found[0].strip()[:60]}”."


def _line(text: str, name: str) -> str:
    number = next((n for n, line in enumerate(text.split("\n"), start=1) if name in names_in(line)), 1)
    return f"Line {number}: "


def _close(text: str) -> str:
    """`{{ name }}` without its spaces, which would end the address of a link."""
    return _VARIABLE.sub(r"{{\1}}", text)


def _sanitized(text: str) -> str:
    """The HTML of the text, with its variables."""
    tokens = _to_html.parse(_close(text.replace("\r\n", "\n")))
    depth = 0
    for token in tokens:
        depth += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        if depth and token.type.startswith("paragraph"):
            token.hidden = True  # an item is one line in the plain text, with or without empty lines around it
    html = _to_html.renderer.render(tokens, _to_html.options, {})
    return nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"https"}, link_rel=None)
