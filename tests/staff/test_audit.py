"""Every staff act is recorded, by the database, whichever path is taken; and nobody can undo it."""

from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import api_keys
from accounts.models import Organization, User
from audit import trails
from audit.models import Trail
from backoffice import acts
from backoffice.models import Approval, StaffAct
from billing.models import Entry, Hold, Price
from generations.models import GenerationEvent, ProviderCallback
from staff import roles
from tests.billing.movements import DOLLAR, credit, place
from tests.billing.test_audit import generate
from tests.staff.conftest import logged_in

_NAMES = ("Organization", "User", "ApiKey", "Price")
OrganizationHistory, UserHistory, ApiKeyHistory, PriceHistory = (
    apps.get_model("audit", f"{name}History") for name in _NAMES
)


def latest(row: Model) -> Any:
    return trails.of(row).first()


def set_limit(client, organization: Organization, limit: str):
    form = {"name": organization.name, "generations_at_once": limit, "reason": "a\x00b"}
    form |= {
        f"memberships-{name}": value
        for name, value in (
            *(("TOTAL_FORMS", "0"), ("INITIAL_FORMS", "0")),
            *(("MIN_NUM_FORMS", "0"), ("MAX_NUM_FORMS", "0")),
        )
    }
    url = reverse("admin:accounts_organization_change", args=[organization.pk])
    return client.post(url, form, REMOTE_ADDR="192.0.2.7")


def test_who_when_from_where_before_and_after(as_root, root, acme):
    assert set_limit(as_root, acme, "7").status_code == 302
    act = latest(acme)
    assert (act.actor, act.address, act.act) == (root, "192.0.2.7", "update")
    assert act.path == reverse("admin:accounts_organization_change", args=[acme.pk])
    assert trails.changes(act.before, act.after) == [("generations_at_once", None, 7)]


def test_what_an_act_met_is_not_told_as_gone():
    before, after = {"state": "completed", "held": 3}, {"held": 0}
    assert trails.changes(before, after) == [("state", "completed", "completed"), ("held", 3, 0)]
    assert trails.changes({"name": "Acme"}, None) == [("name", "Acme", None)]


def test_sql_is_recorded_too(acme):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_organization SET name = 'Evil' WHERE id = %s", [acme.pk])
    act = latest(acme)
    assert (act.actor, trails.changes(act.before, act.after)) == (None, [("name", "Acme", "Evil")])


def test_rights_given_and_taken_are_recorded(as_root, alice):
    finance = Group.objects.get(name=roles.FINANCE)
    alice.groups.add(finance)
    alice.groups.remove(finance)
    done: Any = Trail.objects.filter(subject="accounts.user_groups").order_by("at")
    assert [act.act for act in done] == ["insert", "delete"]
    assert done[0].after["group_id"] == finance.pk


def test_what_is_not_staffs_is_not_kept(acme, alice):
    key, _ = api_keys.create(acme, name="build", created_by=alice)
    alice.set_password("another")
    alice.save()
    assert not UserHistory.objects.filter(pgh_obj_id=alice.pk, pgh_label="update")
    kept = {field.name for field in ApiKeyHistory._meta.fields}
    assert not {"secret_hash", "previous_secret_hash", "last_used_address"} & kept
    assert ApiKeyHistory.objects.get(pgh_obj_id=key.pk).name == "build"
    assert "password" not in {field.name for field in UserHistory._meta.fields}


def test_prices_of_before_have_a_history(db):
    assert (
        PriceHistory.objects.filter(pgh_label="snapshot").count()
        + PriceHistory.objects.filter(pgh_label="insert").count()
        >= Price.objects.count()
    )


def test_nobody_acts_without_a_name(acme):
    with pytest.raises(LookupError):
        acts.record("freeze", acme, organization_id=acme.pk)


def test_an_act_that_is_undone_was_never_written(root, acme):
    with transaction.atomic():
        acts.record("freeze", acme, organization_id=acme.pk, actor_id=root.pk)
        transaction.set_rollback(True)
    assert not StaffAct.objects.exists()


# --- Nobody can edit or delete it -----------------------------------------------------------


@pytest.fixture
def rows(acme, root):
    """One of each row that is only ever added."""
    credit(acme, 10 * DOLLAR, "gift:1")
    hold_id = place(acme, DOLLAR)
    generation = generate(acme)
    acme.name = "Acme & Co"
    acme.save()
    return {
        "entry": Entry.objects.filter(hold_id=hold_id).get(),
        "hold": Hold.objects.get(pk=hold_id),
        "price": Price.objects.earliest("pk"),
        "act": acts.record("look", acme, organization_id=acme.pk, actor_id=root.pk),
        "history": OrganizationHistory.objects.filter(pgh_obj_id=acme.pk).latest("pgh_id"),
        "approval": Approval.objects.create(
            id=acme.pk,
            act="adjust_credits",
            organization_id=acme.pk,
            amount_micros=1,
            reason="x",
            asked_by=root,
        ),
        "event": GenerationEvent.objects.filter(generation=generation).first(),
        "callback": ProviderCallback.objects.create(
            generation=generation, organization=acme, body=b"{}", body_bytes=2
        ),
    }


APPEND_ONLY = ["entry", "price", "act", "history", "event", "callback"]
KEPT = [*APPEND_ONLY, "hold", "approval"]
CHANGED = {
    "entry": "amount_micros = 0",
    "price": "customer_micros_per_second = 1",
    "hold": "amount_micros = 1",
    "act": "reason = 'none'",
    "history": "name = 'other'",
    "approval": "amount_micros = 999",
    "event": "note = 'none'",
    "callback": "request_id = 'other'",
}


def refused(statement, *values) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except DatabaseError as error:
        return "refused" in str(error).lower() or "cannot" in str(error).lower()
    return False


@pytest.mark.parametrize("name", KEPT)
def test_sql_may_not_delete_change_or_truncate(rows, name):
    row = rows[name]
    table, key = row._meta.db_table, row._meta.pk.column
    assert refused(f'DELETE FROM "{table}" WHERE "{key}" = %s', row.pk)
    assert refused(f'UPDATE "{table}" SET {CHANGED[name]} WHERE "{key}" = %s', row.pk)
    assert refused(f'TRUNCATE "{table}" CASCADE')
    assert type(row).objects.filter(pk=row.pk).exists()


def test_no_setting_of_the_connection_opens_a_history(rows):
    row = rows["history"]
    for change in (lambda found: found.delete(), lambda found: found.update(name="other")):
        with pytest.raises(DatabaseError), transaction.atomic(), pgtrigger.ignore():
            change(OrganizationHistory.objects.filter(pk=row.pk))


@pytest.mark.parametrize("name", KEPT)
def test_the_orm_may_not_either(rows, name):
    row = rows[name]
    with pytest.raises(DatabaseError), transaction.atomic():
        type(row).objects.filter(pk=row.pk).delete()
    column, _, value = CHANGED[name].partition(" = ")
    with pytest.raises(DatabaseError), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**{column: value.strip("'")})


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("entry", "billing_entry"),
        ("hold", "billing_hold"),
        ("price", "billing_price"),
        ("approval", "backoffice_approval"),
        ("event", "generations_generationevent"),
        ("callback", "generations_providercallback"),
    ],
)
def test_the_admin_may_not_either_not_even_a_superuser(as_root, rows, name, model):
    pk = rows[name].pk
    assert as_root.get(reverse(f"admin:{model}_change", args=[pk])).status_code == 200
    for act in ("change", "delete"):
        answer = as_root.post(reverse(f"admin:{model}_{act}", args=[pk]), {"post": "yes"})
        assert answer.status_code == 403
    bulk = {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
    as_root.post(reverse(f"admin:{model}_changelist"), bulk)
    assert type(rows[name]).objects.filter(pk=pk).exists()


def test_the_trail_itself_is_read_only(as_root, acme, rows):
    act = latest(acme)
    for name, arguments in (("add", []), ("change", [act.pk]), ("delete", [act.pk])):
        assert as_root.post(reverse(f"admin:audit_trail_{name}", args=arguments)).status_code == 403
    with pytest.raises(DatabaseError), transaction.atomic():
        Trail.objects.all().delete()


# --- Where it is seen -----------------------------------------------------------------------


def test_it_stands_on_the_rows_page_and_in_the_explorer(as_root, sue, acme):
    set_limit(as_root, acme, "7")
    page = logged_in(sue).get(reverse("admin:accounts_organization_change", args=[acme.pk]))
    text = page.content.decode()
    assert "root@staff.example" in text
    assert "<ins>7</ins>" in text
    explorer = reverse("admin:audit_trail_changelist")
    for term in (str(acme.pk), "root@staff.example"):
        found = logged_in(sue).get(explorer, {"q": term}).context["cl"].result_list
        ours = [act for act in found if act.actor and act.after.get("generations_at_once") == 7]
        assert ours, term
    one = logged_in(sue).get(reverse("admin:audit_trail_change", args=[ours[0].pk]))
    assert "192.0.2.7" in one.content.decode()


def test_the_explorer_takes_the_same_queries_for_many_rows(as_root, acme):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_root.get(reverse("admin:audit_trail_changelist")).status_code == 200
        return len(queries)

    set_limit(as_root, acme, "1")
    few = count()
    for limit in range(2, 30):
        Organization.objects.filter(pk=acme.pk).update(generations_at_once=limit)
    assert count() == few


def test_customers_data_in_it_is_masked(acme, alice, nobody):
    nobody.user_permissions.set(Permission.objects.filter(codename="view_trail"))
    User.objects.filter(pk=alice.pk).update(email="alicia@example.com")
    page = logged_in(nobody).get(reverse("admin:audit_trail_changelist")).content.decode()
    assert "•••" in page
    assert "alicia" not in page
    assert "alice" not in page
    assert not LogEntry.objects.exists()
