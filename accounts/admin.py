"""Users and roles in the admin. Roles are defined in code (`privacy/admin_base/staff_roles.py`)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as _django_admin  # noqa: F401  (registers Group, which is replaced below)
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.mail.sending import notify

from .admin_security import AccountSecurityAdmin
from .mails import EMAIL_CHANGED
from .models import LastAdministrator, User
from .passwords.link import send_first_password_link
from .permission_grants import grantable_roles, may_manage
from .team import send_invitation

RIGHTS = ("is_active", "is_staff", "is_superuser", "groups")


class UserForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ["email", "name", "is_active", "is_staff", "is_superuser", "groups"]
        labels = {"groups": "roles"}
        help_texts = {"groups": "You can assign roles whose permissions you all have yourself."}

    def clean_email(self) -> str:
        """An address belongs to one account, regardless of spelling."""
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email_index=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Another account has this address.")
        return email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        administers = all(cleaned.get(name, getattr(self.instance, name)) for name in User.ADMINISTRATOR_FLAGS)
        if not administers and User.objects.lock_administrators() == {self.instance.pk}:
            raise forms.ValidationError(str(LastAdministrator()))
        return cleaned


class KindFilter(admin.SimpleListFilter):
    """Separates the team from the affiliates, who have all other accounts."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("team", "The team"), ("affiliates", "Affiliates")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(is_staff=self.value() == "team") if self.value() else queryset


@admin.register(User)
class UserAdmin(BlindSearchMixin, AccountSecurityAdmin):
    """Accounts with more permissions than the editor's are read-only, and nobody changes their own permissions."""

    form = UserForm
    list_display = ["__str__", "email", "kind", "is_active", "joined_at", "last_login"]
    list_filter = [KindFilter, "is_active", "groups"]
    ordering = ["-joined_at"]
    search_fields = ["id"]
    filter_horizontal = ["groups"]
    changed_by_program = ("last_login",)

    @admin.display(description="kind", ordering="is_staff")
    def kind(self, user: User) -> str:
        return "team" if user.is_staff else "affiliate"

    # --- Who may change what ------------------------------------------------------------------------------------------
    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or may_manage(acting_user(request), obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is not None and obj.pk == request.user.pk:
            return RIGHTS
        return () if acting_user(request).is_superuser else ("is_superuser",)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["queryset"] = grantable_roles(acting_user(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    # --- Saving -------------------------------------------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """New accounts get a link to set a password, never a password from staff. When the address changes, the
        previous address is notified, because anyone who reads mail at the new one can reset the password."""
        if not change:
            obj.set_unusable_password()
        elif "email" in form.changed_data:
            before = User.objects.get(pk=obj.pk)
            notify(EMAIL_CHANGED, to=before.email, about=before)
        super().save_model(request, obj, form, change)
        if change or not obj.is_active:
            return
        if obj.is_staff:
            send_invitation(user=obj, actor=acting_user(request))
        else:
            send_first_password_link(obj)


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    """The permissions of each role. Roles are changed in code and assigned on a user's page."""

    list_display = ["name"]
    search_fields = ["name"]
    fields = ["name", "may"]

    @admin.display(description="permissions")
    def may(self, role: Group) -> str:
        permissions = role.permissions.select_related("content_type").order_by("content_type__app_label", "codename")
        return format_html_join("", "<div>{}: {}</div>", ((p.content_type.app_label, p.name) for p in permissions))
