"""Staff at the admin: everything can be seen, nothing that counts can be edited."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import api_keys
from accounts.models import Organization, Spending, User
from backoffice.models import StaffAct
from billing import holds
from billing.models import Entry, Hold, Price, Wallet
from generations.models import Generation, GenerationEvent, Media, ProviderCallback
from tests.billing.movements import DOLLAR, credit, debit, money_of, place
from tests.billing.test_audit import generate
from tests.staff.conftest import blank_pages as blank_pages

pytestmark = pytest.mark.usefixtures("books_balance")

READ_ONLY = [
    "accounts_apikey",
    "billing_wallet",
    "billing_entry",
    "billing_hold",
    "generations_generation",
    "generations_generationevent",
    "generations_providercallback",
    "generations_media",
]
ALL = [*READ_ONLY, "accounts_user", "accounts_organization", "billing_price"]


@pytest.fixture
def root(db) -> User:
    return User.objects.create_superuser("root@staff.example", "root-password")


@pytest.fixture
def staff(root) -> Client:
    client = Client()
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def one_of_each(acme, alice) -> dict[str, object]:
    """A row in every table, by the admin's name of it."""
    credit(acme, 10 * DOLLAR, "gift:1")
    hold_id = place(acme, DOLLAR)
    holds.capture(hold_id=place(acme, DOLLAR), amount_micros=DOLLAR)
    generation = generate(acme)
    Generation.objects.filter(pk=generation.pk).update(
        provider_request_id="req-1", input={"prompt": "<script>alert(1)</script>"}
    )
    return {
        "accounts_apikey": api_keys.create(acme, name="build", created_by=alice)[0],
        "accounts_spending": Spending.objects.create(
            organization=acme, user=alice, month="2026-01-01", spent_micros=0
        ),
        "accounts_user": alice,
        "accounts_organization": acme,
        "billing_wallet": Wallet.objects.get(pk=acme.pk),
        "billing_entry": Entry.objects.filter(hold_id=hold_id).get(),
        "billing_hold": Hold.objects.get(pk=hold_id),
        "billing_price": Price.objects.earliest("pk"),
        "generations_generation": generation,
        "generations_generationevent": GenerationEvent.objects.filter(generation=generation)[0],
        "generations_providercallback": ProviderCallback.objects.create(
            generation=generation, organization=acme, body=b'{"x": "\xff\x00"}', body_bytes=11
        ),
        "generations_media": Media.objects.create(
            generation=generation,
            organization=acme,
            video="a.mp4",
            duration_ms=5000,
            width=1,
            height=1,
            fps="24",
            codec="h264",
            has_audio=False,
            size_bytes=1,
        ),
    }


SEARCHES = ["", str(uuid.uuid4()), "alice@example.com", "req-1", "gift:1", "\x00", "%", "' OR 1"]


@pytest.mark.parametrize("name", ALL)
def test_each_list_and_page_opens(staff, one_of_each, name):
    url = reverse(f"admin:{name}_changelist")
    for search in SEARCHES:
        assert staff.get(url, {"q": search}).status_code == 200, search
    page = staff.get(reverse(f"admin:{name}_change", args=[one_of_each[name].pk]))
    assert page.status_code == 200
    assert b"<script>alert" not in page.content


@pytest.mark.usefixtures("blank_pages")
@pytest.mark.parametrize("name", ALL)
def test_filters_open(staff, one_of_each, name):
    url = reverse(f"admin:{name}_changelist")
    links = staff.get(url).context["cl"]
    for spec in links.filter_specs:
        for choice in spec.choices(links):
            query = choice["query_string"]
            assert staff.get(url + query).status_code == 200, query


@pytest.mark.parametrize("name", READ_ONLY)
def test_nothing_is_added_changed_or_deleted(staff, one_of_each, name):
    pk = one_of_each[name].pk
    assert staff.post(reverse(f"admin:{name}_add")).status_code == 403
    assert staff.post(reverse(f"admin:{name}_change", args=[pk]), {"x": 1}).status_code == 403
    assert staff.post(reverse(f"admin:{name}_delete", args=[pk]), {"post": 1}).status_code == 403


@pytest.mark.parametrize("name", ["accounts_user", "accounts_organization", "billing_price"])
def test_the_rest_is_not_deleted_either(staff, one_of_each, name):
    pk = one_of_each[name].pk
    assert staff.post(reverse(f"admin:{name}_delete", args=[pk]), {"post": 1}).status_code == 403


@pytest.mark.parametrize("name", ["billing_entry", "billing_hold", "generations_generation"])
def test_a_list_takes_as_many_queries_for_many_rows(
    staff, acme, one_of_each, name, django_assert_max_num_queries
):
    for _ in range(12):
        generate(acme)
    with django_assert_max_num_queries(6):
        staff.get(reverse(f"admin:{name}_changelist"))


@pytest.mark.parametrize(
    ("name", "search"),
    [
        ("generations_generation", "req-1"),
        ("generations_generation", "{generation}"),
        ("generations_generation", "{organization}"),
        ("billing_entry", "gift:1"),
        ("billing_entry", "generation:{generation}"),
        ("billing_entry", "{organization}"),
        ("billing_entry", "ALICE@example.com"),
        ("billing_wallet", "alice@example.com"),
        ("billing_wallet", "Acme"),
        ("accounts_user", "alic"),
        ("accounts_organization", "{organization}"),
        ("accounts_apikey", "{organization}"),
    ],
)
def test_search_finds(staff, acme, charlie, one_of_each, name, search):
    generation = one_of_each["generations_generation"]
    term = search.format(generation=generation.pk, organization=acme.pk)
    found = staff.get(reverse(f"admin:{name}_changelist"), {"q": term}).context["cl"].result_list
    assert len(found) >= 1
    assert not {"charlie@example.com", "Charlie's"} & {str(row) for row in found}


def test_an_api_keys_secret_is_nowhere(staff, acme, alice):
    key, secret = api_keys.create(acme, name="build", created_by=alice)
    page = staff.get(reverse("admin:accounts_apikey_change", args=[key.pk])).content.decode()
    assert key.prefix in page
    assert secret not in page
    assert "hash" not in page.lower()


# --- Adjusting credits ----------------------------------------------------------------------


def adjust_url(organization: Organization) -> str:
    return reverse("admin:billing_wallet_adjust", args=[organization.pk])


def form_of(staff: Client, organization: Organization, amount: str, reason: str) -> dict[str, str]:
    form = staff.get(adjust_url(organization)).context["form"]
    return {"form_id": str(form["form_id"].value()), "amount": amount, "reason": reason}


def test_adjusting_by_clicking_through(staff, root, acme):
    wallet = staff.get(reverse("admin:billing_wallet_change", args=[acme.pk]))
    assert adjust_url(acme) in wallet.content.decode()
    form = form_of(staff, acme, "12.50", "sorry for <the> delay")
    shown = staff.post(adjust_url(acme), form)
    assert "Available afterwards: <strong>$12.50</strong>" in shown.content.decode()
    assert money_of(acme) == (0, 0, 0), "the first step only shows"
    done = staff.post(adjust_url(acme), {**form, "confirm": "1"}, follow=True)
    assert "Adjusted by $12.50." in done.content.decode()
    entry = Entry.objects.get()
    assert (entry.amount_micros, entry.reason) == (12_500_000, "sorry for <the> delay")
    assert (entry.made_by, entry.account) == (root, "adjustments")
    assert StaffAct.objects.get().actor == root


def test_a_double_submit_moves_once(staff, acme):
    form = {**form_of(staff, acme, "5", "gift"), "confirm": "1"}
    for _ in range(3):
        answer = staff.post(adjust_url(acme), form, follow=True)
    assert "Nothing was moved again" in answer.content.decode()
    assert money_of(acme) == (5 * DOLLAR, 0, 0)
    assert StaffAct.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("5", " "),
        ("5", "x" * 501),
        ("0", "gift"),
        ("", "gift"),
        ("1e3", "gift"),
        ("NaN", "gift"),
        ("0.0000001", "gift"),
        ("1000000.000001", "gift"),
        ("9" * 400, "gift"),
        ("-6", "more than is there"),
    ],
)
def test_what_cannot_be_posted_is_said_and_not_posted(staff, acme, amount, reason):
    credit(acme, 5 * DOLLAR)
    form = form_of(staff, acme, amount, reason)
    for step in ({}, {"confirm": "1"}):
        answer = staff.post(adjust_url(acme), {**form, **step})
        assert answer.status_code == 200
        assert answer.context["form"].errors
        assert "Post this entry" not in answer.content.decode()
    assert money_of(acme) == (5 * DOLLAR, 0, 0)


def test_the_result_counts_debt(staff, acme):
    debit(acme, 3 * DOLLAR, into_debt=True)
    shown = staff.post(adjust_url(acme), form_of(staff, acme, "5", "x")).content.decode()
    assert "$3.00 of it settles debt" in shown
    assert "Available afterwards: <strong>$2.00</strong>" in shown


def test_only_with_the_permission(acme, alice, client):
    sam = User.objects.create_user("sam@staff.example", "x", is_staff=True)
    client.force_login(sam, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(adjust_url(acme)).status_code == 403
    sam.user_permissions.add(Permission.objects.get(codename="add_entry"))
    assert client.get(adjust_url(acme)).status_code == 200
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(adjust_url(acme)).status_code == 302, "not staff: to the admin's login"


def test_no_such_wallet(staff):
    answer = staff.get(reverse("admin:billing_wallet_adjust", args=[uuid.uuid4()]))
    assert answer.status_code == 404


def test_a_staff_edit_elsewhere_cannot_overwrite_the_live_balance(staff, acme):
    """new-api #1870: the page was opened, money moved, and the page was saved."""
    credit(acme, 10 * DOLLAR)
    url = reverse("admin:accounts_organization_change", args=[acme.pk])
    page = staff.get(url)
    hold_id = place(acme, 4 * DOLLAR)
    holds.capture(hold_id=hold_id, amount_micros=DOLLAR)
    initial = page.context["adminform"].form.initial
    form = {name: value or "" for name, value in initial.items()} | {"name": "Acme, Inc."}
    for formset in page.context["inline_admin_formsets"]:
        form |= {field.html_name: field.value() or "" for field in formset.formset.management_form}
        for row in formset.formset.forms:
            form |= {field.html_name: field.value() or "" for field in row}
    assert staff.post(url, form).status_code == 302
    acme.refresh_from_db()
    assert acme.name == "Acme, Inc."
    assert money_of(acme) == (9 * DOLLAR, 0, 0)


# --- People and prices ----------------------------------------------------------------------


def test_rights_are_given_by_superusers_only(client, root, alice):
    sam = User.objects.create_user("sam@staff.example", "x", is_staff=True)
    sam.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    client.force_login(sam, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("admin:accounts_user_change", args=[alice.pk])
    client.post(url, {"email": "ALICE2@example.com", "name": "A", "is_superuser": "on"})
    alice.refresh_from_db()
    assert (alice.email, alice.is_superuser, alice.is_staff) == ("alice2@example.com", False, False)
    root_url = reverse("admin:accounts_user_change", args=[root.pk])
    assert client.post(root_url, {"email": "x@example.com"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[root.pk])
    new = {"password1": "hijacked-1", "password2": "hijacked-1", "usable_password": "true"}
    assert client.post(password, new).status_code == 403


def test_a_user_is_added(staff):
    form = {"email": "New@Example.com", "name": "New", "usable_password": "true"}
    form |= {"password1": "long-enough-1", "password2": "long-enough-1"}
    assert staff.post(reverse("admin:accounts_user_add"), form).status_code == 302
    assert User.objects.get(email="new@example.com").check_password("long-enough-1")


def price_form(**changes: str) -> dict[str, str]:
    form = {"product": "p-video|720p|0", "customer_dollars": "0.03", "provider_dollars": "0.02"}
    return {**form, "confirm": "1", **changes}


def test_a_price_is_added_and_supersedes(staff, root, acme):
    url = reverse("admin:billing_price_add")
    assert staff.post(url, price_form()).status_code == 302
    assert staff.post(url, price_form(organization=str(acme.pk))).status_code == 302
    price = Price.objects.get(organization=None, created_by=root)
    assert (price.model, price.resolution, price.draft) == ("p-video", "720p", False)
    assert price.customer_micros_per_second == 30_000
    assert price.provider_micros_per_second == 20_000
    shown = staff.get(reverse("admin:billing_price_changelist")).context["cl"]
    model_admin, now = shown.model_admin, timezone.now()
    in_force = {row.pk: model_admin.in_force(row) for row in shown.result_list}
    assert in_force[price.pk]
    assert sum(in_force.values()) == 7, "six list prices, and one of Acme's own"
    assert price.effective_from <= now


@pytest.mark.parametrize(
    "changes",
    [
        {"customer_dollars": "0"},
        {"customer_dollars": "-1"},
        {"customer_dollars": "1000.000001"},
        {"customer_dollars": "1e2"},
        {"provider_dollars": "-0.01"},
        {"product": "p-video-9|720p|0"},
        {"effective_from_0": "2026-01-01", "effective_from_1": "00:00:00"},
        {"effective_from_0": "never", "effective_from_1": "00:00:00"},
    ],
)
def test_a_wrong_price_is_not_added(staff, changes):
    answer = staff.post(reverse("admin:billing_price_add"), price_form(**changes))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert Price.objects.count() == 6


def test_two_prices_for_one_moment_are_said_and_not_added(staff):
    tomorrow = timezone.now() + timedelta(days=1)
    form = price_form(effective_from_0=f"{tomorrow:%Y-%m-%d}", effective_from_1="00:00:00")
    url = reverse("admin:billing_price_add")
    assert staff.post(url, form).status_code == 302
    again = staff.post(url, form)
    assert again.status_code == 200
    assert "There is a price for this moment already." in again.content.decode()
    assert Price.objects.count() == 7


def test_a_price_is_never_edited(staff):
    price = Price.objects.earliest("pk")
    url = reverse("admin:billing_price_change", args=[price.pk])
    assert staff.get(url).status_code == 200
    assert staff.post(url, price_form()).status_code == 403
