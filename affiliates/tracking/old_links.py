"""The code in a link to a page: `?ref=CODE`, or a link of the program that the affiliate came from.

Where both are possible, a code of this site comes first: nobody gets a code that is the value of another affiliate's
old link (`Affiliate.clean`), and no import takes over such a link (`affiliates.moving_in`).
"""

from __future__ import annotations

from django.http import HttpRequest

from affiliates.models import LinkParameter

from .code_cache import cached_code, cached_old_link


def code_in_link(request: HttpRequest) -> str | None:
    """The code as it is in the link, or the present code of the affiliate behind an old link; None without either. An
    unknown `?ref=` is returned as well: the visit is one that counts for nobody."""
    query = request.GET
    for parameter in LinkParameter.values if query else ():
        value = query.get(parameter)
        if not value or (parameter == LinkParameter.REF and cached_code(value)):
            continue
        if code := cached_old_link(parameter, value):
            return code
    return query.get(LinkParameter.REF)
