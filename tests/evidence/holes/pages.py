"""Pages that bring others in, and a server that tells them."""

from __future__ import annotations

from typing import Any

from ..mutations import around, breaks


@breaks("not-shared")
def a_page_loads_a_script_from_elsewhere() -> None:
    _into_every_page('<script src="https://cdn.example/count.js"></script>')


@breaks("not-shared")
def a_page_loads_a_picture_from_elsewhere() -> None:
    _into_every_page('<img src="//pixel.example/1.gif" alt="">')


@breaks("no-ad-servers")
def a_page_leads_to_an_ad_network() -> None:
    _into_every_page('<a href="https://ad.doubleclick.net/clk">Our partner</a>')


@breaks("not-shared")
def browsers_may_load_from_anywhere() -> None:
    """The policy that has browsers refuse what comes from elsewhere let it in."""
    from django.conf import settings

    settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["script-src"] = ["'self'", "https:"]


@breaks("not-shared")
def the_server_tells_somebody_else() -> None:
    """A library reported each visit to its maker."""
    import socket

    from contacts.inquiries.views import ContactView

    def form_valid(former: Any, self: Any, form: Any) -> Any:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.connect(("192.0.2.1", 9))
            line.send(b"somebody wrote")
        return former(self, form)

    around(ContactView, "form_valid", form_valid)


def _into_every_page(html: str) -> None:
    from django.template.loaders.filesystem import Loader

    def contents(former: Any, self: Any, origin: Any) -> Any:
        return former(self, origin).replace("</main>", f"{html}</main>")

    around(Loader, "get_contents", contents)
