"""An address with a filter that cannot be read: it is named, and the others stay."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.big_admin import MOST_PAGES


def follow(client: Client, name: str, **asked: Any) -> tuple[dict[str, list[str]], list[str]]:
    """The filters that were kept, and what is said."""
    answer = client.get(reverse(f"admin:{name}_changelist"), asked, follow=True)
    assert answer.status_code == 200
    assert len(answer.redirect_chain) == 1, answer.redirect_chain
    kept = parse_qs(urlsplit(answer.redirect_chain[0][0]).query)
    told = [str(one) for one in answer.context["messages"]]
    page = answer.content.decode()
    assert all(one.split("“")[0] in page for one in told)
    return kept, told


@pytest.mark.parametrize(
    ("name", "filters", "label", "advice"),
    [
        ("generations_generation", {"created_at__gte": "31.12.2026"}, "Created at", "2026-12-31"),
        ("generations_generation", {"completed_at__gte": "x"}, "Completed at", "2026-12-31"),
        ("billing_entry", {"since": "31/12/2026"}, "From", "2026-12-31"),
        ("billing_entry", {"kind__exact": "nothing"}, "Kind", ""),
        ("billing_topup", {"created_at__lt": "9" * 500}, "Created at", "2026-12-31"),
        ("audit_trail", {"at__gte": "2026-13-01"}, "At", "2026-12-31"),
        ("billing_topup", {"p": str(MOST_PAGES + 1)}, "There is no such page", "period"),
    ],
)
def test_it_is_named_and_how_it_is_written(
    as_root: Client, name: str, filters: dict[str, str], label: str, advice: str
) -> None:
    kept, (told,) = follow(as_root, name, **filters)
    assert kept == {}
    assert told.startswith(label)
    assert advice in told
    assert len(told) < 250


def test_the_other_filters_stay(as_root: Client) -> None:
    kept, (told,) = follow(
        as_root,
        "generations_generation",
        state__exact="completed",
        created_at__gte="yesterday",
        q="alice@example.com",
    )
    assert kept == {"state__exact": ["completed"], "q": ["alice@example.com"]}
    assert "“yesterday”" in told


def test_each_that_cannot_be_read_is_named(as_root: Client) -> None:
    kept, told = follow(as_root, "billing_entry", since="x", until="y", organization="acme")
    assert kept == {"organization": ["acme"]}
    assert [one.partition(":")[0] for one in told] == ["From", "To"]


def test_what_was_typed_is_text(as_root: Client) -> None:
    url = reverse("admin:generations_generation_changelist")
    answer = as_root.get(url, {"created_at__gte": "<script>alert(1)</script>"}, follow=True)
    assert "<script>alert(1)" not in answer.content.decode()
    assert "&lt;script&gt;alert(1)" in answer.content.decode()


def test_who_may_not_see_the_list_is_told_nothing(nobody: Any, client: Client) -> None:
    client.force_login(nobody, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("admin:generations_generation_changelist")
    assert client.get(url, {"created_at__gte": "x"}).status_code == 403
