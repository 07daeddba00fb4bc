"""Idempotent forms: submitting a form twice does its work once, and both requests get the same response.

A double click, the back button or a reload submits the same form again: the same fields, to the same URL, from the
same rendering of the page. The idempotency key is the value of `{% csrf_token %}`, which Django scrambles
differently for each response, so that every form has one without an extra field. Requests without it work but aren't
protected (ADR 35). Only a page with a secret that is shown once is answered differently (`secret_page`).
"""

from .back_button import kept_in_history
from .key import form_key
from .middleware import keep_result
from .replay import repeatable, result_page, secret_page

__all__ = ["form_key", "keep_result", "kept_in_history", "repeatable", "result_page", "secret_page"]
