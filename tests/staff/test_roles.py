"""Who may do what: the table of the handbook, role by role, asked of the admin itself."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import User
from staff import roles
from tests.staff.conftest import logged_in

EVERY = {
    # action: (support, finance)
    "see personal data": (True, True),
    "see prompts": (True, False),
    "log in as a customer": (True, False),
    "reset a second factor": (True, False),
    "end all sessions": (True, False),
    "ask the provider now": (True, False),
    "fetch media again": (True, False),
    "send a webhook again": (True, False),
    "work on Stripe's event again": (True, True),
    "adjust credits": (False, True),
    "approve an adjustment": (False, True),
    "refund a payment": (False, True),
    "refund a generation": (False, True),
    "release a hold": (False, True),
    "freeze": (False, True),
    "unfreeze": (False, True),
    "set limits": (False, True),
    "add a price": (False, True),
    "set top-up terms": (False, True),
    "add a bonus rule": (False, True),
    "change a bonus rule": (False, True),
    "add a promotion code": (False, True),
    "change a promotion code": (False, True),
    "acknowledge an alert": (True, True),
    "work off a difference": (False, True),
    "enter a provider's invoice": (False, True),
    "withdraw a provider's invoice": (False, True),
}


def test_the_table_names_every_action():
    assert set(EVERY) == set(roles.ACTIONS)


@pytest.mark.parametrize(("action", "allowed"), EVERY.items())
def test_each_role_may_do_what_the_table_says(sue, fred, root, nobody, action, allowed):
    permission = roles.ACTIONS[action]
    assert (sue.has_perm(permission), fred.has_perm(permission)) == allowed
    assert root.has_perm(permission)
    assert not nobody.has_perm(permission)


def test_every_permission_of_the_table_is_there(db):
    named = {*roles.READ, *roles.ACTIONS.values(), *roles.OWN_PERMISSIONS}
    there = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }
    assert named <= there


@pytest.mark.parametrize("role", list(roles.ROLES))
def test_a_group_is_what_the_table_says_whatever_was_clicked(db, role):
    group = Group.objects.get(name=role)
    group.permissions.set(Permission.objects.filter(codename="delete_user"))
    roles.install()
    held = {
        f"{app}.{codename}"
        for app, codename in group.permissions.values_list("content_type__app_label", "codename")
    }
    assert held == roles.permissions_of(role)
    assert not any("delete" in name or name.startswith("auth.") for name in held)


def test_only_superusers_give_roles(fred, sue, alice):
    for person in (fred, sue):
        client = logged_in(person)
        url = reverse("admin:accounts_user_change", args=[alice.pk])
        finance = Group.objects.get(name=roles.FINANCE)
        assert client.post(url, {"email": alice.email, "groups": [finance.pk]}).status_code == 403
    assert User.objects.get(pk=alice.pk).groups.count() == 0
