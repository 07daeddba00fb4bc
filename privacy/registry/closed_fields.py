"""Forms whose fields the policy in effect does not cover yet."""

from __future__ import annotations

from django import forms
from django.db import models

from .policy_gate import is_open

NOT_YET = "Not available yet: first we tell everybody whom this change of our privacy policy concerns."


def close_fields(form: forms.BaseForm, model: type[models.Model]) -> None:
    """Greys out each field whose column is closed, and says why. What a browser sends for it all the same is ignored.

    Call it at the end of a form's `__init__`.
    """
    for name, field in form.fields.items():
        if not is_open(model, name):
            field.disabled, field.required = True, False
            field.help_text = NOT_YET
