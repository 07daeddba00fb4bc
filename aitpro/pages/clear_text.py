"""The readable columns of content."""

from privacy.registry.clear_text import PAGE, PUBLIC, clear_text

clear_text(
    PUBLIC,
    """
    pages_page.title pages_page.slug pages_page.summary pages_page.text
    pages_frontpage.headline pages_frontpage.introduction pages_frontpage.section_heading pages_frontpage.section_text
    pages_frontpage.contact_heading pages_frontpage.contact_text
    pages_frontpagesection.heading pages_frontpagesection.text
    pages_sitequestion.question pages_sitequestion.answer
    """,
)
clear_text(PAGE, "django_redirect.old_path django_redirect.new_path")
clear_text(PUBLIC, "django_site.domain django_site.name")
