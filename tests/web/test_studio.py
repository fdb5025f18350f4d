"""The Studio: the form, the price as one types, sending, refusals."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization
from billing.models import Hold, Wallet
from generations import forms, parameters
from generations.models import Generation
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
    assert client.get("/").headers["Location"] == "/studio/"
    assert client.get("/studio/").headers["Location"] == "/accounts/login/?next=/studio/"
    quote = client.post("/studio/p-video/quote", FORM, headers=HTMX)
    assert quote.headers["HX-Redirect"].startswith("/accounts/login/")


@pytest.mark.parametrize("model", parameters.PARAMETERS)
def test_every_parameter_has_its_control(as_bob: Client, model: str) -> None:
    page = as_bob.get(f"/studio/{model}/").content.decode()

    for parameter in forms.offered(model):
        assert f'name="{parameter.name}"' in page
        assert f'id="id_{parameter.name}"' in page
        assert f'id="id_{parameter.name}_help"' in page
    for hidden in parameters.SHOWN_ONLY_TO_PROGRAMS:
        assert f'name="{hidden}"' not in page


def test_voices_are_grouped(as_bob: Client) -> None:
    page = as_bob.get("/studio/p-video-avatar/").content.decode()

    assert '<optgroup label="Female">' in page
    assert '<optgroup label="Male">' in page
    assert page.count("(Female)") == 14
    assert page.count("(Male)") == 16


def test_unknown_models_are_404(as_bob: Client) -> None:
    assert as_bob.get("/studio/p-image/").status_code == 404
    assert as_bob.post("/studio/p-image/quote", FORM).status_code == 404


def test_the_price_is_shown_before_anything_is_typed(as_bob: Client) -> None:
    answer = as_bob.post("/studio/p-video/quote", {**FORM, "prompt": ""}, headers=HTMX)

    assert answer.status_code == 200
    text = answer.content.decode()
    assert f"8 s {TIMES} $0.04 = $0.32" in text
    assert "$0.68" in text  # what is left
    assert not Hold.objects.exists()


def test_a_script_is_priced_as_an_estimate(as_bob: Client) -> None:
    form = {"voice_script": "Good morning.", "resolution": "720p", "voice_language": "Spanish"}
    text = as_bob.post("/studio/p-video-avatar/quote", form, headers=HTMX).content.decode()

    assert "At most" in text
    assert f"4 s {TIMES} $0.025 = $0.10" in text


def test_too_dear_is_said_before_sending(as_bob: Client, make: Make) -> None:
    make(state="processing", duration=10, resolution="1080p")
    make(state="processing", duration=10, resolution="1080p")

    text = as_bob.post("/studio/p-video/quote", FORM, headers=HTMX).content.decode()

    assert "Not enough credits" in text
    assert "$0.12 is missing" in text


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"duration": "80"}, "duration must be an integer between 1 and 10"),
        ({"duration": "five"}, "duration must be an integer between 1 and 10"),
        ({"image": "htt"}, "image must be a valid URL"),
        ({"seed": "9" * 400}, "seed must be a non-negative integer"),
        ({"seed": str(2**63)}, f"seed must be at most {2**63 - 1}"),
    ],
)
def test_an_unfinished_form_has_a_dash_and_a_quiet_hint(
    as_bob: Client, changes: dict[str, str], hint: str
) -> None:
    answer = as_bob.post("/studio/p-video/quote", {**FORM, **changes}, headers=HTMX)

    assert answer.status_code == 200
    assert hint in answer.content.decode()
    assert "alert" not in answer.content.decode()


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


def test_with_htmx_the_browser_is_led_there_too(as_bob: Client) -> None:
    answer = as_bob.post("/studio/p-video/", FORM, headers=HTMX)

    assert answer.headers["HX-Redirect"] == f"/gallery/{Generation.objects.get().pk}/"


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
    assert 'id="id_seed_error">seed must be a non-negative integer</p>' in page
    assert 'aria-describedby="id_seed_error id_seed_help" aria-invalid="true"' in page
    assert '<a href="#id_prompt">prompt is required and must be a string</a>' in page
    assert "fps must be one of: 24, 48" in page
    assert 'value="-4"' in page
    assert 'value="7"' in page
    assert '<details class="card fieldset" open>' in page
    assert_nothing_happened(acme)


def test_not_enough_credits(as_bob: Client, make: Make, acme: Organization) -> None:
    earlier = [make(state="processing", duration=10, resolution="1080p") for _ in range(2)]
    answer = send(as_bob)

    assert answer.status_code == 402
    assert "needs $0.32; $0.20 is available" in answer.content.decode()
    assert Generation.objects.count() == len(earlier)
    assert Wallet.objects.get(pk=acme.pk).held_micros == 800_000


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
    assert 'fieldset--prompt" disabled' in page.content.decode()

    refused = send(as_viewer)
    assert refused.status_code == 403
    assert "generations:write" in refused.content.decode()
    assert_nothing_happened(acme)


def test_run_again_with_changes(as_bob: Client, as_charlie: Client, make: Make) -> None:
    row = make("A singing cat", duration=3, save_audio=False)

    page = as_bob.get(f"/studio/p-video/?from={row.pk}").content.decode()
    assert "A singing cat</textarea>" in page
    assert 'name="duration" type="text" inputmode="numeric" value="3"' in page
    assert as_charlie.get(f"/studio/p-video/?from={row.pk}").status_code == 404
    assert as_bob.get("/studio/p-video/?from=nonsense").status_code == 404
    assert as_bob.get(f"/studio/p-video/?from={uuid.uuid4()}").status_code == 404


def test_examples_only_with_the_sandbox(as_bob: Client, settings: Any) -> None:
    url = f"{settings.SANDBOX_URL}/samples/landscape.jpg"
    assert f'data-value="{url}"' in as_bob.get("/studio/").content.decode()
    page = as_bob.get("/studio/p-video/?example=landscape.jpg").content.decode()
    assert f'value="{url}" placeholder' in page

    settings.SANDBOX_URL = ""
    page = as_bob.get("/studio/p-video/?example=landscape.jpg").content.decode()
    assert "Use an example" not in page
    assert "No real provider" not in page


def test_without_javascript_the_price_can_be_asked_for(as_bob: Client) -> None:
    answer = send(as_bob, show_price="1")

    assert answer.status_code == 200
    assert f"8 s {TIMES} $0.04 = $0.32" in answer.content.decode()
    assert not Generation.objects.exists()
