"""Every list is found through, and stays fast: by key, without a count, in as many queries."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import api_keys
from accounts.models import Organization
from backoffice.big_admin import MOST_PAGES, LookupAdmin
from billing.models import Dispute, PaymentCustomer, PaymentEvent, Refund, TopUp, TopUpState
from generations.models import Generation, State
from tests.billing.movements import DOLLAR, credit
from tests.billing.test_audit import generate

LISTS = {
    "generation": [
        *("generations_generation", "generations_generationevent", "billing_entry"),
        *("billing_hold", "billing_wallet", "accounts_organization", "audit_trail"),
    ],
    "payment": [
        *("billing_topup", "billing_refund", "billing_dispute", "billing_paymentevent"),
        *("billing_entry", "billing_wallet", "accounts_organization", "accounts_user"),
    ],
    "organization": [
        *("accounts_organization", "accounts_user", "accounts_apikey", "billing_wallet"),
        *("billing_entry", "billing_hold", "billing_topup", "billing_refund", "billing_dispute"),
        *("billing_paymentevent", "generations_generation", "generations_generationevent"),
        "audit_trail",
    ],
}


@pytest.fixture
def rows(acme, alice, charlie) -> dict[str, str]:
    """A purchase with all its papers, and a generation, of Acme; the same of Charlie's."""
    theirs = Organization.objects.get(name="Charlie's")
    for organization, mark, owner in ((acme, "acme", alice), (theirs, "other", charlie)):
        credit(organization, 10 * DOLLAR, f"gift:{mark}")
        api_keys.create(organization, name="build", created_by=owner)
        generation = generate(organization)
        Generation.objects.filter(pk=generation.pk).update(
            provider_request_id=f"p-video_{mark}", state=State.PROCESSING
        )
        top_up = TopUp.objects.create(
            organization=organization,
            kind="checkout",
            state=TopUpState.PAID,
            amount_micros=5 * DOLLAR,
            livemode=False,
            stripe_customer_id=f"cus_{mark}",
            session_id=f"cs_{mark}",
            payment_intent_id=f"pi_{mark}",
            invoice_id=f"in_{mark}",
            paid_at=timezone.now(),
        )
        PaymentCustomer.objects.create(organization=organization, stripe_id=f"cus_{mark}")
        common: dict[str, Any] = {"top_up": top_up, "amount_micros": DOLLAR}
        Refund.objects.create(stripe_id=f"re_{mark}", state="succeeded", **common)
        Dispute.objects.create(stripe_id=f"dp_{mark}", status="needs_response", **common)
        credit(organization, 5 * DOLLAR, top_up.reference)
        PaymentEvent.objects.create(
            id=f"evt_{mark}",
            type="payment_intent.succeeded",
            object_id=f"pi_{mark}",
            livemode=False,
            payload="{}",
            happened_at=timezone.now(),
        )
    mine = Generation.objects.get(organization=acme)
    return {"id": str(mine.pk), "organization": str(acme.pk), "prefix": "ACM"}


def found(client, name: str, term: str) -> Any:
    answer = client.get(reverse(f"admin:{name}_changelist"), {"q": term})
    assert answer.status_code == 200
    return answer.context["cl"].result_list


def is_theirs(row: Any) -> bool:
    return any(word in f"{row} {vars(row)}" for word in ("other", "charlie", "Charlie"))


@pytest.mark.usefixtures("blank_pages")
def test_by_pixazos_request_id(as_root, rows):
    for name in LISTS["generation"]:
        for term in ("p-video_acme", rows["id"], f"generation:{rows['id']}"):
            shown = found(as_root, name, term)
            assert shown or name == "audit_trail", (name, term)  # nobody touched it
            assert not [row for row in shown if is_theirs(row)], (name, term)


@pytest.mark.usefixtures("blank_pages")
def test_by_every_id_of_stripes(as_root, rows):
    for name in LISTS["payment"]:
        for prefix in ("pi_", "cs_", "in_", "re_", "dp_", "cus_", "evt_"):
            shown = found(as_root, name, f"{prefix}acme")
            assert shown, (name, prefix)
            assert not [row for row in shown if is_theirs(row)], (name, prefix)


@pytest.mark.usefixtures("blank_pages")
def test_by_mail_name_and_organization(as_root, rows):
    for name in LISTS["organization"]:
        for term in ("ALICE@example.com", rows["prefix"], rows["organization"]):
            shown = found(as_root, name, term)
            assert shown, (name, term)
            assert not [row for row in shown if is_theirs(row)], (name, term)


@pytest.mark.usefixtures("blank_pages")
def test_what_is_nobodys_is_not_found(as_root, rows):
    for name in LISTS["organization"]:
        for term in ("pi_none", "p-video_none", "none@example.com", "Zebra", "%", "'--"):
            assert not found(as_root, name, term), (name, term)


def every_list() -> list[str]:
    return sorted(
        f"{model._meta.app_label}_{model._meta.model_name}"
        for model, model_admin in admin.site._registry.items()
        if isinstance(model_admin, LookupAdmin) and model._meta.app_label != "staff"
    )


def queries_of(client, name: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200, name
    return [query["sql"] for query in queries]


def test_no_list_counts_and_all_take_as_many_queries_for_many_rows(as_root, acme, rows):
    few = {name: queries_of(as_root, name) for name in every_list()}
    for name, statements in few.items():
        assert not [sql for sql in statements if "COUNT(" in sql.upper()], name
        assert len(statements) <= 8, (name, statements)
    for _ in range(60):
        generate(acme)
    for name in ("generations_generation", "billing_entry", "billing_hold", "audit_trail"):
        assert len(queries_of(as_root, name)) == len(few[name]), name
    for name in ("generations_generation", "billing_entry", "billing_hold"):
        pages_turn(as_root, name)


def pages_turn(as_root, name: str) -> None:
    url = reverse(f"admin:{name}_changelist")
    first = as_root.get(url)
    assert len(first.context["cl"].result_list) == 50
    assert 'rel="next"' in first.content.decode()
    second = as_root.get(url, {"p": 2})
    assert second.context["cl"].result_list
    seen = {row.pk for row in first.context["cl"].result_list}
    assert not seen & {row.pk for row in second.context["cl"].result_list}
    assert 'rel="prev"' in second.content.decode()


def test_an_id_is_looked_up_in_one_column(as_root, rows):
    """Of two at once, ordered and limited, a large table would be read backwards."""
    url = reverse("admin:generations_generation_changelist")
    for term, column in ((rows["id"], '"id"'), (rows["organization"], '"organization_id"')):
        where = str(as_root.get(url, {"q": term}).context["cl"].queryset.query).partition("WHERE")
        assert f"{column} = " in where[2]
        assert " OR " not in where[2]


def test_no_such_page(as_root):
    url = reverse("admin:generations_generation_changelist")
    for page in ("0", "-1", str(MOST_PAGES + 1), "x"):
        assert as_root.get(url, {"p": page}, follow=True).status_code == 200, page


SEARCHED = {
    "accounts_organization": "upper(name) LIKE 'ACM%'",
    "billing_topup": "invoice_id = 'in_acme'",
    "generations_generation": "provider_request_id = 'p-video_acme'",
    "billing_entry": "hold_id IS NULL AND reference = 'x' AND kind IN ('top_up', 'refund')",
}


@pytest.mark.parametrize(("table", "condition"), SEARCHED.items())
def test_look_ups_go_through_an_index(rows, table, condition):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT * FROM {table} WHERE {condition}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan
