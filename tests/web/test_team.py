"""Members: roles, limits, and how they go."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.test import Client
from django.utils import timezone

from accounts import api_keys, spending, team
from accounts.access import NotAllowed
from accounts.models import Act, MemberAct, Membership, Organization, Role, Spending, User
from tests.conftest import caller_for

pytestmark = pytest.mark.django_db


def membership(user: User, organization: Organization) -> Membership:
    return Membership.objects.get(user=user, organization=organization)


@pytest.fixture
def dan(acme: Organization) -> User:
    """Is an admin of Acme."""
    user = User.objects.create_user("dan@example.com", "dan-password", name="Dan")
    Membership.objects.create(organization=acme, user=user, role=Role.ADMIN)
    return user


@pytest.fixture
def as_dan(dan: User) -> Client:
    client = Client()
    client.force_login(dan, "django.contrib.auth.backends.ModelBackend")
    return client


def test_everybody_sees_who_belongs_and_managers_what_they_spend(
    as_alice: Client, as_bob: Client, as_viewer: Client, bob: User, acme: Organization
) -> None:
    Spending.objects.create(
        organization=acme,
        user=bob,
        month=spending.month_of(timezone.now()),
        spent_micros=12_340_000,
    )
    for client, sees in ((as_alice, True), (as_bob, True), (as_viewer, False)):
        page = client.get("/team/").content.decode()
        assert "alice@example.com" in page
        assert "vera@example.com" in page
        assert ("$12.34" in page) is sees
        assert ("Send invitation" in page) is (client is as_alice)
        assert ("Remove" in page) is (client is as_alice)


def test_members_cost_the_same_number_of_queries_however_many(
    as_alice: Client, acme: Organization, django_assert_num_queries: Any
) -> None:
    as_alice.get("/team/")
    with connection.execute_wrapper(counter := Counter()):
        as_alice.get("/team/")
    for number in range(60):
        user = User.objects.create_user(f"member{number}@example.com")
        Membership.objects.create(organization=acme, user=user, role=Role.MEMBER)
    with django_assert_num_queries(counter.count):
        page = as_alice.get("/team/").content.decode()
    assert page.count('class="person"') == 50
    later = page.partition('href="?cursor=')[2].partition('"')[0]
    assert as_alice.get(f"/team/?cursor={later}").content.decode().count('class="person"') == 11
    assert as_alice.get("/team/?cursor=nonsense").status_code == 404


class Counter:
    count = 0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        self.count += 1
        return execute(*args)


def test_a_role_and_a_limit_are_changed(
    as_alice: Client, as_bob: Client, alice: User, bob: User, acme: Organization
) -> None:
    path = f"/team/members/{membership(bob, acme).pk}/"
    assert "bob@example.com" in as_alice.get(path).content.decode()
    assert as_bob.get("/settings/audit/").status_code == 403

    answer = as_alice.post(path, {"role": "admin", "monthly_limit": "$1,250.50"}, follow=True)

    assert "bob@example.com is saved." in answer.content.decode()
    changed = membership(bob, acme)
    assert (changed.role, changed.monthly_limit_micros) == (Role.ADMIN, 1_250_500_000)
    assert as_bob.get("/settings/audit/").status_code == 200
    rows = MemberAct.objects.filter(user=alice).order_by("id").values_list("act", "details")
    assert list(rows)[1:] == [
        (Act.LIMIT_CHANGED, {"before_micros": None, "after_micros": 1_250_500_000}),
        (Act.ROLE_CHANGED, {"before": "member", "after": "admin"}),
    ]
    as_alice.post(path, {"role": "admin", "monthly_limit": ""})
    assert membership(bob, acme).monthly_limit_micros is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("monthly_limit", "-1"),
        ("monthly_limit", "much"),
        ("monthly_limit", "1000001"),
        ("role", "king"),
    ],
)
def test_bad_changes_are_refused_beside_their_field(
    as_alice: Client, bob: User, acme: Organization, field: str, value: str
) -> None:
    body = {"role": "viewer", "monthly_limit": "5"} | {field: value}
    answer = as_alice.post(f"/team/members/{membership(bob, acme).pk}/", body)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert membership(bob, acme).role == Role.MEMBER


def test_an_admin_touches_no_owner_and_makes_none(
    as_dan: Client, dan: User, alice: User, bob: User, acme: Organization
) -> None:
    owner, member = membership(alice, acme), membership(bob, acme)
    for act in ("", "remove"):
        path = f"/team/members/{owner.pk}/{act}"
        assert as_dan.get(path).status_code == 403
        assert as_dan.post(path, {"role": "viewer"}).status_code == 403
    assert as_dan.post(f"/team/members/{member.pk}/", {"role": "owner"}).status_code == 422
    assert as_dan.get(f"/team/members/{member.pk}/transfer").status_code == 403
    with pytest.raises(NotAllowed):
        team.change_role(caller_for(dan), member.pk, role=Role.OWNER)
    assert as_dan.post(f"/team/members/{member.pk}/", {"role": "viewer"}).status_code == 302
    assert membership(alice, acme).role == Role.OWNER


def test_strangers_members_are_not_found(
    as_alice: Client, as_bob: Client, charlie: User, alice: User, acme: Organization
) -> None:
    theirs = Membership.objects.get(user=charlie)
    for act in ("", "remove", "transfer"):
        assert as_alice.get(f"/team/members/{theirs.pk}/{act}").status_code == 404
        assert as_alice.post(f"/team/members/{theirs.pk}/{act}").status_code == 404
        assert as_bob.get(f"/team/members/{membership(alice, acme).pk}/{act}").status_code == 403


def test_removing_ends_access_at_once_and_names_the_keys_that_stay(
    as_alice: Client, as_bob: Client, bob: User, acme: Organization
) -> None:
    key, secret = api_keys.create(acme, name="Bob's server", created_by=bob)
    path = f"/team/members/{membership(bob, acme).pk}/remove"
    asked = as_alice.get(path).content.decode()
    assert "Bob&#x27;s server" in asked
    assert f"/api-keys/{key.pk}/revoke" in asked

    assert "no longer a member" in as_alice.post(path, follow=True).content.decode()

    assert as_bob.get("/gallery/").status_code == 403
    assert "Create an organization" in as_bob.get("/gallery/").content.decode()
    assert api_keys.recognise(secret)
    assert MemberAct.objects.filter(act=Act.MEMBER_REMOVED, object_name=bob.email).exists()
    assert as_alice.post(path).status_code == 404


def test_leaving(as_bob: Client, as_alice: Client, bob: User, acme: Organization) -> None:
    assert "Leave Acme?" in as_bob.get("/team/leave").content.decode()
    as_bob.post("/team/leave")
    assert not Membership.objects.filter(user=bob).exists()

    assert "only owner" in as_alice.get("/team/leave").content.decode()
    assert as_alice.post("/team/leave").status_code == 409
    own = Membership.objects.get(organization=acme)
    assert as_alice.post(f"/team/members/{own.pk}/", {"role": "admin"}).status_code == 422
    assert as_alice.get(f"/team/members/{own.pk}/remove").headers["Location"] == "/team/leave"
    assert Membership.objects.get(organization=acme).role == Role.OWNER


def test_the_ownership_is_transferred(
    as_alice: Client, as_bob: Client, alice: User, bob: User, acme: Organization
) -> None:
    path = f"/team/members/{membership(bob, acme).pk}/transfer"
    assert "You become an admin" in as_alice.get(path).content.decode()
    as_alice.post(path)
    roles = (membership(alice, acme).role, membership(bob, acme).role)
    assert roles == (Role.ADMIN, Role.OWNER)
    assert as_alice.post(path).status_code == 403
    assert as_bob.get("/settings/delete/").status_code == 200
    assert as_alice.get("/settings/delete/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_step_down_at_once_leave_one(
    alice: User, bob: User, acme: Organization
) -> None:
    """By the acts, and by statements that know nothing of them: the trigger sees both."""

    def by_acts(user: User) -> None:
        team.leave(caller_for(user))

    def by_statements(user: User) -> None:
        Membership.objects.filter(user=user, organization=acme).update(role=Role.ADMIN)

    for act, refusal in ((by_acts, team.LastOwner), (by_statements, DatabaseError)):
        for user in (alice, bob):
            Membership.objects.update_or_create(
                user=user, organization=acme, defaults={"role": Role.OWNER}
            )
        refused = at_once(act, alice, bob)
        assert [type(error) for error in refused if isinstance(error, refusal)]
        assert len(refused) == 1
        assert Membership.objects.filter(organization=acme, role=Role.OWNER).count() == 1


def at_once(act: Callable[[User], None], *users: User) -> list[Exception]:
    """What was raised when each does it in a transaction that the others' overlap."""
    barrier, raised = threading.Barrier(len(users)), []

    def run(user: User) -> None:
        try:
            with transaction.atomic():
                barrier.wait(10)
                act(user)
        except Exception as error:  # what it is, the test asks
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised


def test_the_database_keeps_an_owner(acme: Organization, alice: User, bob: User) -> None:
    for act in (
        lambda: Membership.objects.filter(user=alice).update(role=Role.VIEWER),
        lambda: Membership.objects.filter(user=alice).delete(),
    ):
        with pytest.raises((IntegrityError, DatabaseError), match="no owner"), transaction.atomic():
            act()
    Membership.objects.filter(organization=acme).delete()  # nobody is left to need one
