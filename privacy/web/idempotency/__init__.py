"""A form that is sent twice does its work once and answers both requests alike.

A double click, the back button and a reload send the same form again: the same fields, to the same address, from the
same rendering of the page. What tells one rendering from another is the value that `{% csrf_token %}` puts into every
form, which Django scrambles anew for each response; so no form can be forgotten, and no page gets another field. A
request without such a value works as any other and is not protected. See ADR 35.
"""

from .back_button import kept_in_history
from .key import form_key
from .replay import repeatable, result_page

__all__ = ["form_key", "kept_in_history", "repeatable", "result_page"]
