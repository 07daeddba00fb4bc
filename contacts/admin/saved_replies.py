"""The admin of the saved replies."""

from __future__ import annotations

from django.contrib import admin

from contacts.models import SavedReply

from .forms import SavedReplyForm


@admin.register(SavedReply)
class SavedReplyAdmin(admin.ModelAdmin[SavedReply]):
    form = SavedReplyForm
    list_display = ["title", "position"]
    search_fields = ["title"]
