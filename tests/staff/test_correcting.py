"""What staff may do about one job: ask, release, give back, send again. Each once, and recorded."""

import pytest
from django.urls import reverse
from django.utils import timezone

from backoffice.models import StaffAct
from billing.models import Entry, EventState, Hold, PaymentEvent
from generations.models import Generation, State
from tests.billing.movements import DOLLAR, credit, money_of
from tests.billing.tampering import tamper
from tests.staff.conftest import logged_in

pytestmark = pytest.mark.usefixtures("books_balance")


@pytest.fixture
def funded(acme):
    credit(acme, 10 * DOLLAR)
    return acme


def act(client, row: Generation, name: str, reason: str = "the customer wrote"):
    url = reverse("admin:generations_generation_correct", args=[row.pk, name])
    return client.post(url, {"reason": reason}, follow=True)


def test_a_hold_is_released_with_a_reason_and_once(funded, make, fred):
    row = make(state=State.PROCESSING)
    client = logged_in(fred)
    assert act(client, row, "release", reason="").status_code == 422
    assert "The hold is released." in act(client, row, "release").content.decode()
    row.refresh_from_db()
    assert (row.state, row.charged_micros) == (State.EXPIRED, 0)
    assert "the customer wrote" in row.note
    assert Hold.objects.get(pk=row.pk).state == "released"
    assert money_of(funded) == (10 * DOLLAR, 0, 0)
    again = act(client, row, "release")
    assert "does not allow" in again.content.decode()
    assert [act.act for act in StaffAct.objects.all()] == ["release_hold"]


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.SUBMITTING])
def test_not_where_its_state_says_no(funded, make, fred, state):
    row = make(state=state)
    before = money_of(funded)
    assert "does not allow" in act(logged_in(fred), row, "release").content.decode()
    assert Generation.objects.get(pk=row.pk).state == state
    assert money_of(funded) == before


def test_what_was_captured_goes_back_once_as_an_entry(funded, make, fred):
    row = make()
    cost = row.charged_micros
    assert "went back" in act(logged_in(fred), row, "refund").content.decode()
    again = act(logged_in(fred), row, "refund")
    assert again.status_code == 422
    assert "given back before" in again.content.decode()
    assert money_of(funded) == (10 * DOLLAR, 0, 0)
    entry = Entry.objects.latest("pk")
    assert (entry.kind, entry.amount_micros, entry.made_by) == ("adjustment", cost, fred)
    assert Generation.objects.get(pk=row.pk).charged_micros == cost, "the capture stays"
    assert StaffAct.objects.count() == 1


def test_nothing_goes_back_of_what_cost_nothing(funded, make, fred):
    row = make(state=State.FAILED)
    assert "does not allow" in act(logged_in(fred), row, "refund").content.decode()


def test_pixazo_is_asked_at_once(funded, make, sue):
    row = make(state=State.PROCESSING)
    assert "being asked" in act(logged_in(sue), row, "ask").content.decode()
    row.refresh_from_db()
    assert row.next_poll_at is not None
    assert row.next_poll_at <= timezone.now()
    assert StaffAct.objects.get().subject_id == str(row.pk)
    done = make()
    assert "does not allow" in act(logged_in(sue), done, "ask").content.decode()


@pytest.mark.parametrize(
    ("who", "allowed"),
    [("sue", {"ask"}), ("fred", {"release", "refund"}), ("nobody", set())],
)
def test_each_role_does_its_own(request, funded, make, who, allowed):
    row = make(state=State.PROCESSING)
    client = logged_in(request.getfixturevalue(who))
    for name in ("ask", "release", "refund"):
        url = reverse("admin:generations_generation_correct", args=[row.pk, name])
        assert (client.get(url).status_code == 200) is (name in allowed), name
        assert (client.post(url, {"reason": ""}).status_code != 403) is (name in allowed), name


def test_an_event_of_stripes_is_worked_on_again(acme, sue, nobody):
    event = PaymentEvent.objects.create(
        id="evt_1",
        type="payout.paid",
        livemode=False,
        payload="{}",
        happened_at=timezone.now(),
        state=EventState.IGNORED,
    )
    url = reverse("admin:billing_paymentevent_replay", args=[event.pk])
    assert logged_in(nobody).post(url, {"reason": "x"}).status_code == 403
    assert logged_in(sue).post(url, {"reason": "x"}).status_code == 302
    event.refresh_from_db()
    assert event.state == EventState.PENDING
    assert StaffAct.objects.get().act == "work_on_event_again"


def test_telling_again_is_offered_where_somebody_was_told(funded, make, sue):
    row = make()
    client = logged_in(sue)
    page = client.get(reverse("admin:generations_generation_change", args=[row.pk]))
    assert "Send its webhooks again" not in page.content.decode()
    assert "does not allow" in act(client, row, "tell").content.decode()


def test_rows_that_do_not_agree_are_refused_in_words(funded, make, fred, caplog):
    row = make(state=State.PROCESSING)
    tamper(f"UPDATE billing_wallet SET held_micros = 0 WHERE organization_id = '{funded.pk}'")
    answer = act(logged_in(fred), row, "release")
    assert answer.status_code == 409
    assert "do not agree" in answer.content.decode()
    assert str(row.pk) in caplog.text
    row.refresh_from_db()
    assert (row.state, Hold.objects.get(pk=row.pk).state) == (State.PROCESSING, "active")
    assert not StaffAct.objects.exists()
    held = row.quoted_micros  # as it was, so that the books balance
    tamper(f"UPDATE billing_wallet SET held_micros = {held} WHERE organization_id = '{funded.pk}'")
