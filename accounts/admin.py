"""Staff's view of people."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold import forms as unfold_forms

from accounts import finding_admin as finding_admin  # registers what it finds
from accounts import page_admin as page_admin  # registers an organization's sections
from accounts import user_page_admin as user_page_admin  # registers a user's
from accounts.models import ApiKey, Membership, Organization, Spending, User
from accounts.money_fields import DollarsField
from accounts.sign_in_help_views import help_view
from backoffice import finding
from backoffice.big_admin import LookupAdmin, NeverDeleted, ReadOnly, TabularInline
from backoffice.masking_admin import PERSONAL_DATA, may_see
from backoffice.sections_admin import SectionedAdmin

if TYPE_CHECKING:
    BaseUserAdmin = DjangoUserAdmin[User]
    CreationForm = AdminUserCreationForm[User]
    ChangeForm = UserChangeForm[User]
    MembershipModelForm = forms.ModelForm[Membership]
else:
    BaseUserAdmin = DjangoUserAdmin
    CreationForm, ChangeForm = unfold_forms.UserCreationForm, UserChangeForm
    MembershipModelForm = forms.ModelForm


class NewUserForm(CreationForm):
    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()


class UserForm(ChangeForm):
    class Meta:
        model = User
        fields = "__all__"  # the admin's fieldsets choose

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password" in self.fields:  # not on the read-only page
            self.fields["password"].widget = unfold_forms.UnfoldReadOnlyPasswordHashWidget()

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()


@admin.register(User)
class UserAdmin(NeverDeleted, SectionedAdmin, BaseUserAdmin):
    form = UserForm
    add_form = NewUserForm
    change_password_form = unfold_forms.AdminPasswordChangeForm
    list_display = ("email", "name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    ordering = ("-pk",)
    search_fields = ("pk",)
    found_by = {finding.USER: "pk", finding.ORGANIZATION: "memberships__organization"}
    search_texts = ("email__istartswith",)
    search_ids = ("organizations",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "is_active")}),
        ("Rights", {"fields": ("is_staff", "is_superuser", "groups")}),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.help)
        return [
            path("<int:user_id>/help/<str:act>/", view, name="accounts_user_help"),
            *super().get_urls(),
        ]

    def help(self, request: HttpRequest, user_id: int, act: str) -> HttpResponse:
        """End the sessions, or take the second factor off: see `accounts.sign_in_help_views`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return help_view(self, request, user_id, act)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Rights are given by superusers only: whoever edits users does not make himself one."""
        fields = super().get_readonly_fields(request, obj)
        if request.user.is_superuser:
            return fields
        return (*fields, "is_staff", "is_superuser", "groups")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A user's row is nothing but personal data."""
        return super().has_view_permission(request, obj) and may_see(request, PERSONAL_DATA)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A superuser is changed by superusers only: his password is his rights."""
        allowed = super().has_change_permission(request, obj)
        guarded = isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser
        return allowed and not guarded


class MembershipForm(MembershipModelForm):
    monthly_limit_micros = DollarsField(label="Monthly limit, USD", required=False)


class MembershipInline(TabularInline):
    model = Membership
    form = MembershipForm
    autocomplete_fields = ("user",)
    verbose_name_plural = "members"
    fields = ("user", "role", "monthly_limit_micros")
    show_title = False


@admin.register(Organization)
class OrganizationAdmin(NeverDeleted, SectionedAdmin):
    list_display = ("name", "id", "created_at")
    ordering = ("-id",)
    inlines = (MembershipInline,)
    readonly_fields = ("id", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "id", "created_at")}),
        (
            "Limits",
            {
                "fields": (
                    "generations_at_once",
                    "requests_per_minute",
                    "key_requests_per_minute",
                    "generations_per_minute",
                ),
                "description": "Empty: the platform's default, which its settings say.",
            },
        ),
    )
    search_ids = ("id",)
    found_by = {finding.ORGANIZATION: "pk"}


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly, LookupAdmin):
    """What a key may do and when it was used; never its secret, nor the hash of it."""

    list_display = ("name", "prefix", "organization", "created_at", "last_used_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("organization",)
    ordering = ("-id",)
    exclude = ("secret_hash", "previous_secret_hash")
    masked = {"last_used_address": PERSONAL_DATA}
    search_ids = ("id", "organization")
    search_texts = ("prefix",)


@admin.register(Spending)
class SpendingAdmin(ReadOnly, LookupAdmin):
    """What keys and members spend in a month: counted with the money, never edited."""

    list_display = ("month", "organization", "api_key", "user", "spent_micros")
    list_select_related = ("organization", "api_key", "user")
    ordering = ("-id",)
    search_ids = ("organization", "api_key")
    found_by = {finding.USER: "user", finding.ORGANIZATION: "organization"}
