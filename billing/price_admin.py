"""The admin's prices: a list that says what is in force, and adding one with its effect first."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import OuterRef, Q, QuerySet, Subquery, UUIDField, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import display

from backoffice.big_admin import LookupAdmin
from billing import money, price_effects
from billing.models import Price
from billing.price_form import PriceForm, in_order

NOW, PLANNED, OVER = "In force now", "Planned", "Superseded"
_NOBODY = Value(uuid.UUID(int=0), output_field=UUIDField())


class Standing(admin.SimpleListFilter):
    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", NOW), ("planned", PLANNED), ("over", OVER)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        match self.value():
            case "now":
                lasts = Q(superseded_at=None) | Q(superseded_at__gt=now)
                return queryset.filter(lasts, effective_from__lte=now)
            case "planned":
                return queryset.filter(effective_from__gt=now)
            case "over":
                return queryset.filter(superseded_at__lte=now)
        return queryset


@admin.register(Price)
class PriceAdmin(LookupAdmin):
    """Prices are added; a later row supersedes an earlier one."""

    form = PriceForm
    list_display: Any = ("product", "whose", "standing", "customer_pays", "provider_charges")
    list_display += ("markup", "margin", "since", "until", "created_by")
    list_filter = (
        *(Standing, "model", "resolution", "draft"),
        ("organization", admin.EmptyFieldListFilter),
    )
    list_select_related = ("organization", "created_by")
    ordering = ("model", "resolution", "draft", "organization", "-effective_from")
    autocomplete_fields = ("organization",)
    search_ids = ("id", "organization")
    search_texts = ("model",)
    change_form_template = "admin/billing/price/change_form.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(superseded_at=_superseded_at())

    def get_fields(self, request: HttpRequest, obj: Price | None = None) -> Any:
        if obj is None:
            return in_order(super().get_fields(request, obj), self.form.field_order)
        return (
            *("product", "whose", "standing", "effective_from", "until", "customer_pays"),
            *("provider_charges", "markup", "margin", "charge_on_failed"),
            *("created_at", "created_by"),
        )

    def has_change_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """First the form, then its effect, and the row only after that."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        listed = HttpResponseRedirect(reverse("admin:billing_price_changelist"))
        if request.method == "POST":
            form = self.get_form(request)(request.POST)
            if form.is_valid() and "confirm" not in request.POST:
                return self._preview(request, form)
            sent = _sent(request)
            if sent and Price.objects.filter(pk=sent).exists():
                messages.warning(request, "This form was sent before. Nothing was added again.")
                return listed
        try:
            return super().add_view(request, form_url, {**(extra_context or {}), "adding": True})
        except IntegrityError:  # the same moment, by somebody else, between check and row
            messages.error(request, "There is a price for this moment already. Nothing was added.")
            return listed

    def save_model(self, request: HttpRequest, obj: Price, form: Any, change: bool) -> None:
        obj.created_by_id = request.user.pk
        obj.pk = _sent(request) or obj.pk
        super().save_model(request, obj, form, change)

    def _preview(self, request: HttpRequest, form: Any) -> HttpResponse:
        price: Price = form.instance
        effect = price_effects.of(price)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Add price: what it comes to",
            "form": form,
            "form_id": uuid.uuid4(),
            "price": price,
            "product": self.product(price),
            "at_once": not request.POST.get("effective_from_0"),
            "effect": effect,
            "lines": _lines(effect),
            "customer": self.customer_pays(price),
            "provider": self.provider_charges(price),
            "before": self.customer_pays(effect.before) if effect.before else "",
            "markup": self.markup(price),
            "margin": self.margin(price),
            "at_a_loss": price.customer_micros_per_second < price.provider_micros_per_second,
        }
        return TemplateResponse(request, "admin/billing/price/preview.html", context)

    def named(self, row: Price) -> str:
        return f"{self.product(row)} · {self.whose(row)} · from {row.effective_from:%Y-%m-%d}"

    @admin.display(description="product", ordering="model")
    def product(self, price: Price) -> str:
        return f"{price.model} {price.resolution}{' draft' if price.draft else ''}"

    @admin.display(description="organization", ordering="organization")
    def whose(self, price: Price) -> str:
        return str(price.organization) if price.organization else "List price"

    @admin.display(description="customer pays / s", ordering="customer_micros_per_second")
    def customer_pays(self, price: Price) -> str:
        return money.display(price.customer_micros_per_second)

    @admin.display(description="provider charges / s", ordering="provider_micros_per_second")
    def provider_charges(self, price: Price) -> str:
        return money.display(price.provider_micros_per_second)

    @admin.display(description="markup")
    def markup(self, price: Price) -> str:
        """Over the provider's cost."""
        cost = price.provider_micros_per_second
        return f"{(price.customer_micros_per_second - cost) / cost:+.1%}" if cost else "no cost"

    @admin.display(description="margin / s")
    def margin(self, price: Price) -> str:
        return money.display(price.customer_micros_per_second - price.provider_micros_per_second)

    @admin.display(description="from")
    def since(self, price: Price) -> datetime:
        return price.effective_from

    @admin.display(description="until")
    def until(self, price: Any) -> datetime | None:
        moment: datetime | None = price.superseded_at
        return moment

    @display(description="standing", label={NOW: "success", PLANNED: "info", OVER: ""})  # type: ignore[untyped-decorator, unused-ignore]
    def standing(self, price: Any) -> str:
        if price.effective_from > timezone.now():
            return PLANNED
        return NOW if self.in_force(price) else OVER

    def in_force(self, price: Any) -> bool:
        """Begun, and not superseded by a later row that has begun."""
        now = datetime.now(tz=UTC)
        return price.effective_from <= now and not (
            price.superseded_at and price.superseded_at <= now
        )


def _lines(effect: price_effects.Effect) -> list[tuple[str, str, str, str]]:
    """What, as it was, at the new price, and the difference."""
    sold = effect.sold
    pairs = (
        ("Revenue", sold.revenue, effect.new_revenue),
        ("Provider cost", sold.cost, effect.new_cost),
        ("Margin", effect.margin, effect.new_margin),
    )
    return [
        (
            name,
            money.display(was),
            money.display(new),
            f"{'+' * (new > was)}{money.display(new - was)}",
        )
        for name, was, new in pairs
    ]


def _sent(request: HttpRequest) -> uuid.UUID | None:
    """The id that the preview gave: the row's own, so that it is added once."""
    try:
        return uuid.UUID(request.POST.get("form_id", ""))
    except ValueError:
        return None


def _superseded_at() -> Any:
    """When the next row of the same key begins. Asked of each row: filters hide nothing."""
    later = (
        Price.objects.alias(whose=Coalesce("organization_id", _NOBODY))
        .filter(
            model=OuterRef("model"),
            resolution=OuterRef("resolution"),
            draft=OuterRef("draft"),
            whose=Coalesce(OuterRef("organization_id"), _NOBODY),
            effective_from__gt=OuterRef("effective_from"),
        )
        .order_by("effective_from")
    )
    return Subquery(later.values("effective_from")[:1])
