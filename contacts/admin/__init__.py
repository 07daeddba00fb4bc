"""The staff's inbox, incoming mail and the saved replies. Django looks here for them."""

from . import incoming_mail, inquiries, saved_replies  # noqa: F401  (importing registers them)
