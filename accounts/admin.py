"""People who sign in, for staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from privacy.admin_search import BlindSearchMixin

from .admin_security import AccountSecurityAdmin
from .models import User
from .password_link import send_first_password_link


class UserForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ["email", "name", "is_active", "is_staff", "is_superuser", "groups"]

    def clean_email(self) -> str:
        """An address belongs to one account, however it is typed."""
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email_index=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Another account has this address.")
        return email


@admin.register(User)
class UserAdmin(BlindSearchMixin, AccountSecurityAdmin):
    form = UserForm
    list_display = ["__str__", "is_staff", "is_active", "joined_at", "last_login"]
    list_filter = ["is_staff", "is_active"]
    ordering = ["-joined_at"]
    search_fields = ["id"]
    blind_search_fields = ("email_index",)
    filter_horizontal = ["groups"]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A new account gets no password from staff: its owner sets one through a link."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change and obj.is_active:
            send_first_password_link(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
