"""Staff's view of people, and what every admin here shares: read-only pages, exact look-ups."""

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from accounts.models import ApiKey, Membership, Organization, Spending, User

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    AnyPaginator = Paginator[Any]
    BaseUserAdmin = DjangoUserAdmin[User]
    CreationForm = AdminUserCreationForm[User]
    ChangeForm = UserChangeForm[User]
else:
    ModelAdmin, TabularInline, AnyPaginator = admin.ModelAdmin, admin.TabularInline, Paginator
    BaseUserAdmin, CreationForm, ChangeForm = DjangoUserAdmin, AdminUserCreationForm, UserChangeForm


class CappedPaginator(AnyPaginator):
    """Counts no further than anybody pages: a COUNT of a huge table takes seconds."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[: self.most].count())


class LookupAdmin(ModelAdmin):
    """One search box that goes through indexes only.

    Attributes:
        search_ids: fields that a UUID is looked up in.
        search_emails: fields that anything with an @ is looked up in, whole, in any case.
        search_texts: fields that anything else is looked up in, whole unless they say otherwise.
    """

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    search_fields = ("pk",)  # what is really searched:
    search_ids: ClassVar[tuple[str, ...]] = ()
    search_emails: ClassVar[tuple[str, ...]] = ()
    search_texts: ClassVar[tuple[str, ...]] = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.replace("\x00", "").strip()
        if not term:
            return queryset, False
        fields, value = self.search_texts, term
        try:
            fields, value = self.search_ids, str(uuid.UUID(term))
        except ValueError:
            if "@" in term:
                fields = tuple(f"{field}__iexact" for field in self.search_emails)
        if not fields:
            return queryset.none(), False
        wanted = Q()
        for field in fields:
            wanted |= Q((field, value))
        return queryset.filter(wanted), "memberships" in "".join(fields)


class ReadOnly:
    """No add, change or delete: the database would refuse them, or the truth is elsewhere."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class NeverDeleted:
    """Ledger entries and generations name these rows for ever."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


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

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()


@admin.register(User)
class UserAdmin(NeverDeleted, LookupAdmin, BaseUserAdmin):
    form = UserForm
    add_form = NewUserForm
    list_display = ("email", "name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    ordering = ("-pk",)
    search_fields = ("pk",)
    search_emails = ("email",)
    search_texts = ("email__istartswith", "name__icontains")
    search_ids = ("organizations",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "is_active")}),
        ("Rights", {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Rights are given by superusers only: whoever edits users does not make himself one."""
        fields = super().get_readonly_fields(request, obj)
        if request.user.is_superuser:
            return fields
        return (*fields, "is_staff", "is_superuser", "groups", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A superuser is changed by superusers only: his password is his rights."""
        allowed = super().has_change_permission(request, obj)
        guarded = isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser
        return allowed and not guarded


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Organization)
class OrganizationAdmin(NeverDeleted, LookupAdmin):
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
    search_emails = ("memberships__user__email",)
    search_texts = ("name__icontains",)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly, LookupAdmin):
    """What a key may do and when it was used; never its secret, nor the hash of it."""

    list_display = ("name", "prefix", "organization", "created_at", "last_used_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("organization",)
    ordering = ("-id",)
    exclude = ("secret_hash", "previous_secret_hash")
    search_ids = ("id", "organization")
    search_emails = ("organization__memberships__user__email",)
    search_texts = ("prefix",)


@admin.register(Spending)
class SpendingAdmin(ReadOnly, LookupAdmin):
    """What keys and members spend in a month: counted with the money, never edited."""

    list_display = ("month", "organization", "api_key", "user", "spent_micros")
    list_select_related = ("organization", "api_key", "user")
    ordering = ("-id",)
    search_ids = ("organization", "api_key")
    search_emails = ("user__email",)
