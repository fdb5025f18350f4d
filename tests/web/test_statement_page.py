"""The statement: what it says, its filters, pages and file, and who may read it."""

import csv
import io
import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization
from billing import holds, ledger
from billing.models import Account, Entry, EntryKind
from tests.web.conftest import Make

pytestmark = pytest.mark.django_db(transaction=True)
DOLLAR = 1_000_000
MINUS = "\N{MINUS SIGN}"


def credit(
    acme: Organization,
    dollars: int,
    kind: EntryKind = EntryKind.ADJUSTMENT,
    reason: str = "Goodwill",
) -> Entry:
    ledger.credit(
        organization_id=acme.pk,
        kind=kind,
        account=Account.PROMOTIONS if kind != EntryKind.ADJUSTMENT else Account.ADJUSTMENTS,
        amount_micros=dollars * DOLLAR,
        reference=f"test-{uuid.uuid4()}",
        reason=reason,
    )
    return Entry.objects.filter(wallet_id=acme.pk).latest("sequence")


def at(entry: Entry, moment: str) -> None:
    """Entries are never changed: a test that needs another time goes past the guards."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE billing_entry SET created_at = %s WHERE id = %s",
            [datetime.fromisoformat(moment).replace(tzinfo=UTC), entry.pk],
        )
        cursor.execute("SET session_replication_role = DEFAULT")


def rows(answer: Any) -> list[list[str]]:
    """The table's cells: time and number, what, amount, held, balance."""
    body = answer.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in body.split("</tr>")]
    return [
        [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in row] for row in cells if row
    ]


def numbers(answer: Any) -> list[int]:
    return [int(row[0].partition("#")[2]) for row in rows(answer)]


def test_what_each_entry_says(as_viewer: Client, acme: Organization, make: Make) -> None:
    credit(acme, 10)
    video = make(duration=5)
    stray = uuid.uuid4()
    holds.place(
        hold_id=stray,
        organization_id=acme.pk,
        amount_micros=DOLLAR,
        reference=f"generation:{uuid.uuid4()}",
        expires_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    answer = as_viewer.get("/billing/statement")
    assert [row[1:] for row in rows(answer)] == [
        ["Held for a video", "\N{EN DASH}", "+$1.00", "$9.90"],
        ["Video A cat", f"{MINUS}$0.10", f"{MINUS}$0.10", "$9.90"],
        ["Held for a video A cat", "\N{EN DASH}", "+$0.10", "$10.00"],
        ["Adjustment Goodwill", "+$10.00", "\N{EN DASH}", "$10.00"],
    ]
    links = re.findall(r'href="(/gallery/[^"]+)"', answer.content.decode())
    assert links == [f"/gallery/{video.pk}/"] * 2  # and none to the generation that is not there
    holds.release(hold_id=stray, reason="of no generation")


def test_what_is_written_is_quoted(as_alice: Client, acme: Organization) -> None:
    credit(acme, 1, reason="<script>alert(1)</script>")
    assert "<script>alert" not in as_alice.get("/billing/statement").content.decode()


def test_pages_lead_to_each_other(as_alice: Client, acme: Organization) -> None:
    for _ in range(120):
        credit(acme, 1)
    path: str | None = "/billing/statement"
    seen, back = [], None
    while path:
        answer = as_alice.get(path)
        seen.append(numbers(answer))
        page = answer.content.decode()
        back = re.search(r'href="([^"]+)" rel="prev"', page)
        found = re.search(r'href="([^"]+)" rel="next"', page)
        path = found and found[1]
    assert seen == [[*range(120, 70, -1)], [*range(70, 20, -1)], [*range(20, 0, -1)]]
    assert back
    assert numbers(as_alice.get(back[1])) == seen[1]


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "9" * 19, "٣"])
def test_no_such_page(as_alice: Client, name: str, text: str) -> None:
    assert as_alice.get("/billing/statement", {name: text}).status_code == 404


def test_past_either_end(as_alice: Client, acme: Organization) -> None:
    credit(acme, 1)
    for query in ("before=1", "after=1", "before=0", "after=999999999999999999"):
        answer = as_alice.get(f"/billing/statement?{query}")
        assert "Nothing further" in answer.content.decode(), query
        assert 'href="/billing/statement">Newest' in answer.content.decode()


def test_groups_and_days(as_alice: Client, acme: Organization) -> None:
    at(credit(acme, 1), "2026-11-01 23:30")
    at(credit(acme, 2, EntryKind.PROMOTION), "2026-11-02 12:00")
    at(credit(acme, 3, EntryKind.TOP_UP), "2026-11-03 00:00")

    def shown(query: str) -> list[int]:
        return numbers(as_alice.get(f"/billing/statement?{query}"))

    assert shown("group=credits") == [2, 1]
    assert shown("group=purchases") == [3]
    assert shown("group=debt") == []
    assert shown("from=2026-11-02") == [3, 2]
    assert shown("to=2026-11-02") == [2, 1]
    assert shown("from=2026-11-02&to=2026-11-02") == [2]
    # 23:30 UTC on the 1st is the 2nd in Berlin; midnight UTC on the 3rd is the 2nd in New York.
    assert shown("from=2026-11-02&to=2026-11-02&zone=Europe/Berlin") == [2, 1]
    assert shown("from=2026-11-02&to=2026-11-02&zone=America/New_York") == [3, 2]
    assert shown("from=2026-11-02&to=2026-11-02&zone=../../etc/passwd") == [2]
    assert shown("group=credits&from=2026-11-02") == [2]


def test_filters_stay_with_the_pages_and_the_file(as_alice: Client, acme: Organization) -> None:
    for _ in range(60):
        credit(acme, 1)
    query = "group=credits&from=2020-01-01&zone=Europe/Berlin"
    page = as_alice.get(f"/billing/statement?{query}").content.decode()
    kept = "group=credits&amp;from=2020-01-01&amp;zone=Europe%2FBerlin"
    assert f'href="/billing/statement?{kept}&amp;before=11" rel="next"' in page
    assert f'href="/billing/statement.csv?{kept}"' in page
    assert '<option value="credits" selected>' in page
    assert 'value="2020-01-01"' in page
    assert 'name="zone" value="Europe/Berlin"' in page


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("from=2026-13-01", "from", "Enter a date such as"),
        ("to=yesterday", "to", "Enter a date such as"),
        ("from=11/01/2026", "from", "Enter a date such as"),
        ("from=2026-11-02&to=2026-11-01", "to", "This is before the first day."),
        ("from=0001-01-01", "from", "greater than or equal"),
        ("to=9999-12-31", "to", "less than or equal"),
        ("from=%00", "from", "Enter a date such as"),
        ("group=secrets", "group", "not one of the available choices"),
    ],
)
def test_bad_filters_are_told_at_the_field(
    as_alice: Client, acme: Organization, query: str, field: str, said: str
) -> None:
    credit(acme, 1)
    answer = as_alice.get(f"/billing/statement?{query}")
    page = answer.content.decode()
    assert answer.status_code == 422
    error = re.search(rf'id="id_{field}_error">([^<]*)<', page)
    assert error, page
    assert said in error[1]
    assert f'aria-describedby="id_{field}_error"' in page
    assert not rows(answer)
    sent_back = as_alice.get(f"/billing/statement.csv?{query}")
    assert sent_back.status_code == 302
    assert sent_back.headers["Location"].startswith("/billing/statement?")


def test_what_was_typed_stays(as_alice: Client) -> None:
    page = as_alice.get("/billing/statement?from=soon&to=2026-11-01").content.decode()
    assert '<input type="text" name="from" value="soon"' in page
    assert '<input type="date" name="to" value="2026-11-01"' in page


def test_empty(as_alice: Client) -> None:
    page = as_alice.get("/billing/statement").content.decode()
    assert "No entries yet" in page
    assert "CSV" not in page
    assert "No such entries" in as_alice.get("/billing/statement?group=debt").content.decode()


def test_the_file(as_viewer: Client, acme: Organization, make: Make) -> None:
    credit(acme, 10, reason="=1+1, and \N{LATIN SMALL LETTER E WITH ACUTE}")
    video = make(duration=5)
    answer: Any = as_viewer.get("/billing/statement.csv")
    assert answer.streaming
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="pvideo-statement-[0-9-]{10}\.csv"',
        answer.headers["Content-Disposition"],
    )
    assert "no-store" in answer.headers["Cache-Control"]
    text = b"".join(answer.streaming_content).decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [(one["kind"], one["amount"], one["held_change"]) for one in lines] == [
        ("adjustment", "10.000000", "0.000000"),
        ("hold", "0.000000", "0.100000"),
        ("capture", "-0.100000", "-0.100000"),
    ]
    assert lines[0]["description"] == "'=1+1, and é"
    assert lines[2]["reference"] == f"generation:{video.pk}"
    assert lines[2]["balance_after"] == "9.900000"
    only: Any = as_viewer.get("/billing/statement.csv?group=spending")
    assert b"".join(only.streaming_content).count(b"\r\n") == 2


def test_only_ones_own(as_charlie: Client, client: Client, acme: Organization) -> None:
    credit(acme, 10)
    assert "No entries yet" in as_charlie.get("/billing/statement").content.decode()
    file: Any = as_charlie.get("/billing/statement.csv")
    assert b"".join(file.streaming_content).count(b"\r\n") == 1
    for path in ("/billing/statement", "/billing/statement.csv"):
        assert client.get(path).headers["Location"] == f"/accounts/login/?next={path}"
        assert as_charlie.post(path).status_code == 405


def test_as_many_queries_however_much_there_is(
    as_alice: Client, acme: Organization, make: Make
) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as made:
            answer: Any = as_alice.get(path)
            if answer.streaming:
                list(answer.streaming_content)
        return len(made)

    credit(acme, 40)
    make(duration=5)
    paths = ("/billing/statement", "/billing/statement.csv")
    before = [queries(path) for path in paths]
    for _ in range(40):
        make(duration=5)
        credit(acme, 1)
    assert [queries(path) for path in paths] == before
    assert before[0] <= 8, before
