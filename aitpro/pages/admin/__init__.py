"""The admin of the site's content."""

from .front_pages import FrontPageAdmin, SiteQuestionAdmin
from .pages import PageAdmin
from .redirects import RedirectAdmin
from .services import ServiceAdmin

__all__ = ["FrontPageAdmin", "PageAdmin", "RedirectAdmin", "ServiceAdmin", "SiteQuestionAdmin"]
