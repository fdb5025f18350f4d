"""Staff look at the site as a customer: read-only, marked, for a while, and recorded."""

import time
import uuid

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiKey, Membership
from backoffice.models import StaffAct
from staff import looking_as, roles
from tests.billing.movements import DOLLAR, credit
from tests.conftest import caller_for
from tests.staff.conftest import logged_in
from webhooks import endpoints


def look(client, organization, reason: str = "ticket 7"):
    url = reverse("admin:look_as", args=[organization.pk])
    return client.post(url, {"reason": reason})


@pytest.fixture
def looking(sue, acme):
    client = logged_in(sue)
    assert look(client, acme).status_code == 302
    return client


def test_every_page_is_the_customers_and_says_so(looking, acme, make):
    credit(acme, DOLLAR)
    row = make("A cat that sleeps")
    for path in (reverse("gallery"), reverse("billing"), reverse("api_keys"), reverse("studio")):
        page = looking.get(path)
        assert page.status_code == 200, path
        assert "Looking as Acme" in page.content.decode(), path
    detail = looking.get(reverse("generation", args=[row.pk])).content.decode()
    assert "A cat that sleeps" in detail
    assert "sue@staff.example" not in detail


def test_nothing_can_be_changed(looking, acme):
    before = ApiKey.objects.count()
    for path in (
        reverse("api_keys"),
        reverse("billing"),
        reverse("switch_organization"),
        reverse("studio", args=["p-video"]),
        "/nowhere/",
        "/api/v1/generations",
    ):
        for method in (looking.post, looking.put, looking.patch, looking.delete):
            answer = method(path, {"name": "mine"})
            assert answer.status_code == 403, path
        assert "Nothing can be changed" in looking.post(path).content.decode()
    assert ApiKey.objects.count() == before
    for path in ("/accounts/email/", "/account/"):
        assert looking.get(path).status_code == 403, "nor the customer's own account seen"


def test_no_secret_is_shown(looking, acme, alice):
    endpoint, secret = endpoints.create(caller_for(alice), url="https://hooks.example.com/acme")
    page = f"/webhooks/{endpoint.pk}/"
    assert looking.get(page).status_code == 200
    for headers in ({}, {"HX-Request": "true"}):
        answer = looking.get(f"{page}secret", headers=headers)
        assert answer.status_code == 403
        assert secret not in answer.content.decode()
    for method in (looking.get, looking.head, looking.options):  # a session opens the API, too
        answer = method(f"/api/v1/webhook-endpoints/{endpoint.pk}/secret")
        assert answer.status_code == 403
        assert secret not in answer.content.decode()


def test_what_a_form_comes_to_may_be_asked_since_nothing_is_written(looking, acme):
    credit(acme, DOLLAR)
    for name, args in (
        *((name, ["p-video"]) for name in ("studio_form", "studio_quote", "studio_code")),
        ("auto_top_up_consent", []),
    ):
        with CaptureQueriesContext(connection) as queries:
            answer = looking.post(reverse(name, args=args), {"prompt": "A cat"})
        assert answer.status_code == 200, name
        written = [one["sql"] for one in queries if not one["sql"].strip().startswith("SELECT")]
        assert written == [], name


def test_pages_of_other_layouts_are_marked_too(looking, acme, make):
    for path in (
        *("/nowhere/", "/share/nothing/", "/api/docs/", "/problems/", "/accounts/email/", "/"),
        reverse("generation", args=[uuid.uuid4()]),
        reverse("team"),
        reverse("usage"),
    ):
        page = looking.get(path, follow=True)
        assert "Looking as Acme" in page.content.decode(), (path, page.status_code)


def test_in_the_admin_one_is_oneself(looking, acme):
    page = looking.get(reverse("admin:accounts_organization_change", args=[acme.pk]))
    assert "sue@staff.example" in page.content.decode()


def test_it_ends_by_the_button_and_both_are_recorded(looking, sue, acme):
    answer = looking.post(reverse("admin:stop_looking"))
    assert answer.url == reverse("admin:accounts_organization_change", args=[acme.pk])
    assert "Looking as" not in looking.get("/studio/", follow=True).content.decode()
    done = StaffAct.objects.order_by("id").values_list("act", "actor", "reason")
    assert list(done) == [("log_in_as", sue.pk, "ticket 7"), ("stop_looking", sue.pk, "")]


def test_it_ends_by_itself(looking, sue, acme):
    session = looking.session
    kept = session[looking_as.SESSION_KEY]
    session[looking_as.SESSION_KEY] = {**kept, "until": time.time() - 1}
    session.save()
    assert looking.get(reverse("gallery")).url == reverse("admin:index")
    assert looking_as.SESSION_KEY not in looking.session
    done = StaffAct.objects.latest("id")
    assert (done.act, done.actor, done.after) == (
        "stop_looking",
        sue,
        {"ended_because": "its time was over"},
    )


@pytest.mark.parametrize("change", ["role", "staff", "owner"])
def test_it_ends_when_the_right_to_it_is_gone(looking, sue, alice, change):
    if change == "role":
        sue.groups.remove(Group.objects.get(name=roles.SUPPORT))
    elif change == "staff":
        sue.is_staff = False
        sue.save()
    else:
        Membership.objects.filter(user=alice).delete()
    assert looking.get(reverse("gallery")).url == reverse("admin:index")
    assert looking_as.SESSION_KEY not in looking.session
    why = "its owner left" if change == "owner" else "the right to it was gone"
    assert StaffAct.objects.latest("id").after == {"ended_because": why}


def test_only_with_the_right_a_reason_and_an_owner(acme, fred, nobody, alice, sue):
    for person in (fred, nobody):
        assert look(logged_in(person), acme).status_code == 403
    assert look(logged_in(alice), acme).status_code == 302, "to the login"
    assert look(logged_in(sue), acme, reason="").status_code == 422
    Membership.objects.filter(user=alice).delete()
    assert "does not allow" in look(logged_in(sue), acme).content.decode()
    assert not StaffAct.objects.exists()
