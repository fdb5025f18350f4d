"""The Studio: the form, the price as one types, sending, refusals."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership, Organization, User
from billing import freezing
from billing.models import FreezeCause, Hold, Wallet
from generations import parameters
from generations.models import Generation
from generations.modes import MODES
from tests.web.conftest import Make

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {
    "prompt": "A cat",
    "duration": "8",
    "resolution": "1080p",
    "aspect_ratio": "16:9",
    "fps": "24",
    "prompt_upsampling": "true",
    "save_audio": "true",
    "disable_safety_filter": "true",
}
HTMX = {"HX-Request": "true"}
TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.fixture(autouse=True)
def _credits(acme: Organization, give_credits: Callable[..., None], books_balance: None) -> None:
    give_credits(acme, 1)


def send(client: Client, model: str = "p-video", **changes: str) -> Any:
    key = changes.pop("form_key", str(uuid.uuid4()))
    return client.post(f"/studio/{model}/", {**FORM, "form_key": key, **changes})


def assert_nothing_happened(acme: Organization) -> None:
    assert not Generation.objects.exists()
    assert not Hold.objects.exists()
    assert Wallet.objects.get(pk=acme.pk).available_micros == 1_000_000


def test_strangers_are_sent_to_the_login(client: Client) -> None:
    assert client.get("/studio/").headers["Location"] == "/accounts/login/?next=/studio/"
    quote = client.post("/studio/p-video/quote", FORM, headers=HTMX)
    assert quote.headers["HX-Redirect"].startswith("/accounts/login/")


@pytest.mark.parametrize("slug", MODES)
def test_every_parameter_has_its_control(as_bob: Client, slug: str) -> None:
    page = as_bob.get(f"/studio/{slug}/").content.decode()

    for parameter in MODES[slug].parameters:
        assert f'name="{parameter.name}"' in page
        assert f'id="id_{parameter.name}"' in page
        assert f'id="id_{parameter.name}_help"' in page
    for hidden in parameters.SHOWN_ONLY_TO_PROGRAMS:
        assert f'name="{hidden}"' not in page


def test_every_parameter_of_the_reference_is_somewhere() -> None:
    for model, table in parameters.PARAMETERS.items():
        shown = {p.name for mode in MODES.values() if mode.model == model for p in mode.parameters}
        assert shown == {p.name for p in table} - parameters.SHOWN_ONLY_TO_PROGRAMS


def test_voices_are_grouped(as_bob: Client) -> None:
    page = as_bob.get("/studio/p-video-avatar/").content.decode()

    assert '<optgroup label="Female">' in page
    assert '<optgroup label="Male">' in page
    assert page.count("(Female)") == 14
    assert page.count("(Male)") == 16


@pytest.mark.parametrize("slug", MODES)
def test_the_page_costs_few_queries(
    as_bob: Client, slug: str, django_assert_num_queries: Any
) -> None:
    as_bob.get(f"/studio/{slug}/")
    # Session, person, place, price, wallet, runs, organizations of the switcher.
    with django_assert_num_queries(7):
        as_bob.get(f"/studio/{slug}/")
    with django_assert_num_queries(5):  # the first three, price and wallet
        as_bob.post(f"/studio/{slug}/quote", FORM, headers=HTMX)


def test_unknown_models_are_404(as_bob: Client) -> None:
    assert as_bob.get("/studio/p-image/").status_code == 404
    assert as_bob.post("/studio/p-image/quote", FORM).status_code == 404


def test_the_price_is_shown_before_anything_is_typed(as_bob: Client) -> None:
    answer = as_bob.post("/studio/p-video/quote", {**FORM, "prompt": ""}, headers=HTMX)

    assert answer.status_code == 200
    text = answer.content.decode()
    assert f"8 s {TIMES} $0.04" in text
    assert "$0.32" in text
    assert "$0.68" in text  # what is left
    assert not Hold.objects.exists()


def test_a_script_is_priced_as_an_estimate(as_bob: Client) -> None:
    form = {"voice_script": "Good morning.", "resolution": "720p", "voice_language": "Spanish"}
    text = as_bob.post("/studio/p-video-avatar/quote", form, headers=HTMX).content.decode()

    assert "At most" in text
    assert f"4 s {TIMES} $0.025" in text
    assert "$0.10" in text


def test_too_dear_is_said_before_sending(as_bob: Client, make: Make) -> None:
    make(state="processing", duration=10, resolution="1080p")
    make(state="processing", duration=10, resolution="1080p")

    text = as_bob.post("/studio/p-video/quote", FORM, headers=HTMX).content.decode()

    assert "Not enough credits" in text
    assert "$0.12 is missing" in text
    assert "Only an owner can buy credits" in text
    assert "alice@example.com" in text


def test_an_owner_is_shown_the_way_to_credits(
    as_alice: Client, as_bob: Client, as_charlie: Client
) -> None:
    """Charlie is new and has nothing: the one thing missing is one click away."""
    page = as_charlie.get("/studio/?welcome").content.decode()
    assert "Welcome to PVideo" in page
    assert "A paper boat drifts" in page
    assert 'href="/billing">Buy credits' in page
    assert "$5.00 free on your first payment" in page
    assert "Not enough credits" in page

    page = as_bob.get("/studio/?welcome").content.decode()
    assert "press <em>Generate video</em>" in page
    assert "Buy credits" not in page
    assert "Welcome" not in as_alice.get("/studio/").content.decode()


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"duration": "80"}, "Duration must be an integer between 1 and 10"),
        ({"duration": "five"}, "Duration must be an integer between 1 and 10"),
        ({"image": "htt"}, "First frame must be a valid URL"),
        ({"seed": "9" * 400}, "Seed must be a non-negative integer"),
        ({"seed": str(2**63)}, f"Seed must be at most {2**63 - 1}"),
        ({"resolution": "4k\x00"}, "Resolution must be one of: 720p, 1080p"),
    ],
)
def test_an_unfinished_form_has_a_dash_and_a_quiet_hint(
    as_bob: Client, changes: dict[str, str], hint: str
) -> None:
    answer = as_bob.post("/studio/p-video/quote", {**FORM, **changes}, headers=HTMX)

    assert answer.status_code == 200
    assert hint in answer.content.decode()
    assert "alert" not in answer.content.decode()


@pytest.mark.parametrize("prompt", [" \n ", "\u200b\u200b", "\u202e\ufeff"])
def test_what_cannot_be_seen_is_no_prompt(as_bob: Client, prompt: str) -> None:
    answer = as_bob.post("/studio/p-video/", {**FORM, "prompt": prompt})
    assert "Prompt is required" in answer.content.decode()
    assert not Generation.objects.exists()


def test_sending_makes_one_job_and_leads_to_it(as_bob: Client, acme: Organization) -> None:
    answer = send(as_bob, seed="42")

    row = Generation.objects.get()
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/gallery/{row.pk}/"
    assert row.organization == acme
    assert row.created_by is not None
    assert row.input == {
        "prompt": "A cat",
        "duration": 8,
        "aspect_ratio": "16:9",
        "resolution": "1080p",
        "fps": 24,
        "draft": False,
        "prompt_upsampling": True,
        "save_audio": True,
        "seed": 42,
        "disable_safety_filter": True,
    }
    assert Wallet.objects.get(pk=acme.pk).held_micros == 320_000


def test_the_largest_seed_is_a_number(as_bob: Client) -> None:
    assert send(as_bob, seed=str(2**63 - 1)).status_code == 302
    assert Generation.objects.get().input["seed"] == 2**63 - 1


def test_with_htmx_a_card_is_added_and_the_form_stays(as_bob: Client) -> None:
    answer = as_bob.post("/studio/p-video/", FORM, headers=HTMX)

    row = Generation.objects.get()
    text = answer.content.decode()
    assert answer.headers["HX-Reswap"] == "none"
    assert f"run-{row.pk}" in answer.headers["HX-Trigger-After-Settle"]
    assert 'hx-swap-oob="afterbegin:#runs"' in text
    assert f'id="run-{row.pk}"' in text
    assert 'id="form-key" name="form_key"' in text
    assert 'hx-get="/studio/live"' in text
    assert "$0.32 held" in text  # the balance in the frame
    assert "<form id" not in text


def test_a_form_that_showed_mistakes_is_drawn_anew_without_them(as_bob: Client) -> None:
    refused = as_bob.post("/studio/p-video/", {**FORM, "seed": "-4"}, headers=HTMX)
    assert refused.status_code == 422
    assert 'name="shown_errors"' in refused.content.decode()

    again = {**FORM, "seed": "4", "shown_errors": "1"}
    answer = as_bob.post("/studio/p-video/", again, headers=HTMX)
    assert "HX-Reswap" not in answer.headers
    assert '<form id="studio-form"' in answer.content.decode()
    assert "shown_errors" not in answer.content.decode()
    assert 'value="4"' in answer.content.decode()


def test_a_repeated_answer_brings_all_cards(as_bob: Client) -> None:
    key = {"form_key": str(uuid.uuid4())}
    as_bob.post("/studio/p-video/", {**FORM, **key}, headers=HTMX)
    text = as_bob.post("/studio/p-video/", {**FORM, **key}, headers=HTMX).content.decode()

    assert 'hx-swap-oob="innerHTML:#runs"' in text
    assert text.count('class="run ') == Generation.objects.count() == 1


def test_a_double_click_makes_one_job(as_bob: Client, acme: Organization) -> None:
    key = str(uuid.uuid4())
    first, second = send(as_bob, form_key=key), send(as_bob, form_key=key)

    assert first.headers["Location"] == second.headers["Location"]
    assert Generation.objects.count() == 1
    assert Wallet.objects.get(pk=acme.pk).held_micros == 320_000


def test_a_changed_form_sent_again_gets_a_new_key(as_bob: Client) -> None:
    key = str(uuid.uuid4())
    send(as_bob, form_key=key)
    again = send(as_bob, form_key=key, prompt="A dog")

    assert again.status_code == 422
    fresh = again.context["form_key"]
    assert str(fresh) != key
    assert send(as_bob, form_key=str(fresh), prompt="A dog").status_code == 302
    assert Generation.objects.count() == 2


def test_errors_stand_beside_their_fields_and_what_was_typed_stays(
    as_bob: Client, acme: Organization
) -> None:
    answer = send(as_bob, prompt=" ", seed="-4", fps="30", duration="7", draft="true")

    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'id="id_seed_error">Seed must be a non-negative integer</p>' in page
    assert 'aria-describedby="id_seed_error id_seed_help" aria-invalid="true"' in page
    assert '<a href="#id_prompt">Prompt is required</a>' in page
    assert "Frame rate must be one of: 24, 48" in page
    assert 'value="-4"' in page
    assert 'value="7"' in page
    assert '<details class="section section--advanced" open>' in page
    assert_nothing_happened(acme)


def test_not_enough_credits(as_bob: Client, make: Make, acme: Organization) -> None:
    earlier = [make(state="processing", duration=10, resolution="1080p") for _ in range(2)]
    answer = send(as_bob)

    assert answer.status_code == 402
    assert "needs $0.32; $0.20 is available" in answer.content.decode()
    assert Generation.objects.count() == len(earlier)
    assert Wallet.objects.get(pk=acme.pk).held_micros == 800_000


def test_a_members_limit_is_said(as_bob: Client, bob: User, acme: Organization) -> None:
    Membership.objects.filter(user=bob).update(monthly_limit_micros=100_000)
    answer = send(as_bob)

    assert answer.status_code == 402
    assert "You may spend $0.10 a month in Acme" in answer.content.decode()
    assert_nothing_happened(acme)


def test_a_frozen_wallet_is_said_before_and_after(as_bob: Client, acme: Organization) -> None:
    freezing.place(acme.pk, FreezeCause.STAFF, reference="r", reason="r")
    quote = as_bob.post("/studio/p-video/quote", FORM, headers=HTMX).content.decode()
    assert "Spending is frozen." in quote
    assert "Buy credits" not in quote

    answer = send(as_bob)
    assert answer.status_code == 402
    assert "See Billing" in answer.content.decode()
    assert_nothing_happened(acme)


def test_an_audio_driven_video_needs_its_sound(as_bob: Client, acme: Organization) -> None:
    answer = send(as_bob, "audio", prompt="")

    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'id="id_audio_error">Sound is required</p>' in page
    assert 'id="id_prompt_error">Prompt is required</p>' in page
    hint = as_bob.post("/studio/audio/quote", FORM, headers=HTMX).content.decode()
    assert "$0.04 a second" in hint
    assert "The length of the sound makes the price." in hint
    assert_nothing_happened(acme)


AVATAR = {
    "resolution": "720p",
    "image": "https://example.com/a.png",
    "voice": "Charon (Male)",
    "voice_language": "English (US)",
}


def test_of_script_and_recording_the_chosen_one_is_sent(as_bob: Client, acme: Organization) -> None:
    both = {**AVATAR, "voice_script": "Good morning.", "audio": "https://example.com/a.mp3"}
    answer = as_bob.post("/studio/p-video-avatar/", {**both, "speech": "script"})
    assert answer.status_code == 302
    assert "audio" not in Generation.objects.get().input

    without = {**AVATAR, "voice_script": "Good morning.", "speech": "recording"}
    answer = as_bob.post("/studio/p-video-avatar/", without)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Recording is required" in page
    assert "Script is required" not in page
    assert "Good morning.</textarea>" in page
    assert 'value="recording" checked' in page
    answer = as_bob.post("/studio/p-video-avatar/", {**AVATAR, "speech": "script"})
    assert "Script is required" in answer.content.decode()
    assert Generation.objects.count() == 1


def test_another_tab_keeps_what_has_a_place_there(as_bob: Client) -> None:
    form = {**FORM, "mode": "p-video", "image": "https://example.com/a.png", "seed": "7"}
    form.pop("save_audio")
    text = as_bob.post("/studio/audio/form", form, headers=HTMX).content.decode()
    assert "A cat</textarea>" in text
    assert 'href="/studio/audio/" aria-current="page"' in text
    assert 'name="save_audio" value="true" aria' in text  # as it was: off

    text = as_bob.post("/studio/p-video-avatar/form", form, headers=HTMX).content.decode()
    assert 'value="https://example.com/a.png"' in text
    assert 'value="7"' in text
    assert "A cat" not in text


def test_what_was_typed_is_escaped(as_bob: Client) -> None:
    answer = send(as_bob, prompt="</textarea><script>alert(1)</script>", seed='"><b>')

    assert "<script>alert" not in answer.content.decode()
    assert 'value="&quot;&gt;&lt;b&gt;"' in answer.content.decode()


@pytest.mark.parametrize("prompt", ["\x00", "x" * 10_001])
def test_odd_texts_are_refused_kindly(as_bob: Client, acme: Organization, prompt: str) -> None:
    assert send(as_bob, prompt=prompt).status_code == 422
    assert_nothing_happened(acme)


def test_ten_megabytes_are_a_400(as_bob: Client, acme: Organization) -> None:
    body = "prompt=" + "x" * 10_000_000
    answer = as_bob.post("/studio/p-video/", body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 400
    assert_nothing_happened(acme)


def test_a_viewer_sees_but_may_not(as_viewer: Client, acme: Organization) -> None:
    page = as_viewer.get("/studio/")
    assert page.status_code == 200
    assert "You are a viewer" in page.content.decode()
    assert 'section--prompt" disabled' in page.content.decode()
    assert "hx-post" not in page.content.decode()

    refused = send(as_viewer)
    assert refused.status_code == 403
    assert "Only" in refused.content.decode()
    assert_nothing_happened(acme)


def test_run_again_with_changes(as_bob: Client, as_charlie: Client, make: Make) -> None:
    row = make("A singing cat", duration=3, save_audio=False)

    page = as_bob.get(f"/studio/p-video/?from={row.pk}").content.decode()
    assert "A singing cat</textarea>" in page
    assert 'name="duration" type="text" inputmode="numeric" value="3"' in page
    swapped = as_bob.get(f"/studio/p-video/?from={row.pk}", headers=HTMX).content.decode()
    assert "A singing cat</textarea>" in swapped
    assert "<html" not in swapped
    assert as_charlie.get(f"/studio/p-video/?from={row.pk}").status_code == 404
    assert as_bob.get("/studio/p-video/?from=nonsense").status_code == 404
    assert as_bob.get(f"/studio/p-video/?from={uuid.uuid4()}").status_code == 404


def test_what_was_made_with_a_sound_opens_in_its_own_tab(as_bob: Client, make: Make) -> None:
    row = make("A host", audio="https://example.com/a.mp3")

    answer = as_bob.get(f"/studio/p-video/?from={row.pk}")
    assert answer.headers["Location"] == f"/studio/audio/?from={row.pk}"
    page = as_bob.get(answer.headers["Location"]).content.decode()
    assert 'value="https://example.com/a.mp3"' in page


def test_examples_only_with_the_sandbox(as_bob: Client, settings: Any) -> None:
    url = f"{settings.SANDBOX_URL}/samples/landscape.jpg"
    assert f'data-value="{url}"' in as_bob.get("/studio/").content.decode()
    page = as_bob.get("/studio/p-video/?example=landscape.jpg").content.decode()
    assert f'value="{url}" placeholder' in page
    assert "?example=radio-host" in page

    settings.SANDBOX_URL = ""
    page = as_bob.get("/studio/p-video/?example=landscape.jpg").content.decode()
    assert "Use an example" not in page
    assert "No real provider" not in page


def test_without_javascript_the_price_can_be_asked_for(as_bob: Client) -> None:
    answer = send(as_bob, show_price="1")

    assert answer.status_code == 200
    assert f"8 s {TIMES} $0.04" in answer.content.decode()
    assert "Balance after" in answer.content.decode()
    assert not Generation.objects.exists()
