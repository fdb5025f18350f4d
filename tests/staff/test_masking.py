"""Who customers are and what they make is shown to roles that may see it, and to nobody else."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts import api_keys
from accounts.models import User
from generations.models import Generation, ProviderCallback
from staff import roles
from tests.billing.movements import DOLLAR, credit
from tests.billing.test_audit import generate
from tests.staff.conftest import logged_in

PROMPT = "a secret cat"


@pytest.fixture
def generation(acme, alice) -> Generation:
    credit(acme, 10 * DOLLAR)
    row = generate(acme)
    Generation.objects.filter(pk=row.pk).update(
        input={"prompt": PROMPT}, metadata={"order": PROMPT}, created_by=alice
    )
    ProviderCallback.objects.create(
        generation=row, organization=acme, body=PROMPT.encode(), body_bytes=12
    )
    api_keys.create(acme, name="build", created_by=alice)
    return row


@pytest.fixture
def reader(db) -> User:
    """Reads all that roles read, without knowing who or what."""
    user = User.objects.create_user("reader@staff.example", "x", is_staff=True)
    names = [name.split(".")[1] for name in roles.READ]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def pages(generation: Generation) -> list[str]:
    found = [reverse("admin:generations_generation_change", args=[generation.pk])]
    for permission in sorted(roles.READ - {"accounts.view_membership", "accounts.view_user"}):
        app, codename = permission.split(".")
        found.append(reverse(f"admin:{app}_{codename.removeprefix('view_')}_changelist"))
    organization = [generation.organization_id]
    found.append(reverse("admin:accounts_organization_change", args=organization))
    callback = ProviderCallback.objects.get()
    found.append(reverse("admin:generations_providercallback_change", args=[callback.pk]))
    return found


def shown(user: User, generation: Generation) -> str:
    client = logged_in(user)
    answers = [(path, client.get(path)) for path in pages(generation)]
    assert [path for path, answer in answers if answer.status_code != 200] == []
    return "".join(answer.content.decode() for _, answer in answers)


@pytest.mark.parametrize(
    ("who", "personal", "prompts"),
    [("sue", True, True), ("fred", True, False), ("root", True, True), ("reader", False, False)],
)
def test_each_sees_what_his_role_may(request, generation, who, personal, prompts):
    text = shown(request.getfixturevalue(who), generation)
    assert ("alice@example.com" in text) is personal
    assert (PROMPT in text) is prompts


def test_a_search_does_not_tell_who_is_a_customer(reader, fred, generation):
    lists = ("accounts_organization", "generations_generation", "billing_wallet")
    for name in lists:
        url = reverse(f"admin:{name}_changelist")
        by_reader = logged_in(reader).get(url, {"q": "alice@example.com"}).context["cl"]
        by_fred = logged_in(fred).get(url, {"q": "alice@example.com"}).context["cl"]
        assert (len(by_reader.result_list), len(by_fred.result_list) > 0) == (0, True), name


def test_users_are_not_opened_without_the_right(reader, alice):
    client = logged_in(reader)
    assert client.get(reverse("admin:accounts_user_changelist")).status_code == 403
    page = reverse("admin:accounts_user_change", args=[alice.pk])
    assert client.get(page).status_code == 403
    asked = {"app_label": "accounts", "model_name": "membership", "field_name": "user"}
    answer = client.get(reverse("admin:autocomplete"), {**asked, "term": "alice"})
    assert answer.status_code == 403
