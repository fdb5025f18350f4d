"""The Studio's runs, uploads and code: what follows a form."""

import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import Organization, User
from generations import code_samples
from generations.models import Generation, Media, State, Upload
from tests.generations.conftest import work_until_done
from tests.web.conftest import Make, move

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HX-Request": "true"}
FORM = {
    "prompt": 'It\'s a "cat" <b>\\ $HOME',
    "duration": "2",
    "resolution": "720p",
    "aspect_ratio": "9:16",
    "fps": "24",
    "draft": "true",
    "prompt_upsampling": "true",
    "seed": str(2**63 - 1),
}


@pytest.fixture(autouse=True)
def _credits(acme: Organization, give_credits: Callable[..., None]) -> None:
    give_credits(acme, 5)


@pytest.fixture
def mine(make: Make, bob: User) -> Make:
    """Runs of Bob's."""

    def mine(*arguments: Any, **more: Any) -> Generation:
        row = make(*arguments, **more)
        row.created_by = bob
        row.save(update_fields=["created_by"])
        return row

    return mine


def picture(kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, kind)
    return file.getvalue()


# --- Runs -----------------------------------------------------------------------------------


def test_the_studio_shows_ones_own_latest_and_all_that_are_open(
    as_bob: Client, mine: Make, make: Make
) -> None:
    open_row = mine("Slow", state=State.PROCESSING)
    old = mine("Old")
    for number in range(4):
        mine(f"New {number}")
    make("Of somebody else")

    page = as_bob.get("/studio/").content.decode()
    assert page.count('class="run run--live"') == 1
    assert page.count('class="run') - page.count('class="run_') - page.count('class="runs') == 5
    assert f'id="run-{open_row.pk}"' in page
    assert f'id="run-{old.pk}"' not in page
    assert "Of somebody else" not in page
    assert 'hx-get="/studio/live"' in page


def test_live_says_what_has_changed(
    as_bob: Client, as_charlie: Client, mine: Make, django_assert_num_queries: Any
) -> None:
    row = mine("A cat", state=State.QUEUED)
    ask = {"ids": [str(row.pk)], "seen": ["queued"]}
    with django_assert_num_queries(5):  # session, person, place; runs, and why they wait
        assert as_bob.get("/studio/live", ask, headers=HTMX).status_code == 204

    move(row, State.PROCESSING)
    with django_assert_num_queries(5):  # session, person, place; runs; wallet
        answer = as_bob.get("/studio/live", ask, headers=HTMX)
    assert answer.status_code == 200
    assert 'steps__step--current" aria-current="step"' in answer.content.decode()
    assert f'id="run-{row.pk}"' in answer.content.decode()
    Generation.objects.filter(pk=row.pk).update(next_media_at=timezone.now())
    answer = as_bob.get("/studio/live", {**ask, "seen": "processing"}, headers=HTMX)
    assert 'value="finishing"' in answer.content.decode()
    assert as_charlie.get("/studio/live", ask, headers=HTMX).status_code == 286

    Generation.objects.filter(pk=row.pk).update(next_media_at=None)
    row.refresh_from_db()
    move(row, State.ERROR)
    answer = as_bob.get("/studio/live", ask, headers=HTMX)
    assert answer.status_code == 286
    assert "<strong>Free</strong>, $0.10 refunded" in answer.content.decode()


def test_a_run_without_its_poster_is_finishing_for_a_moment(as_bob: Client, mine: Make) -> None:
    row = mine("A cat")
    Media.objects.filter(pk=row.pk).update(poster="", stored_at=timezone.now())
    assert "run--live" in as_bob.get("/studio/").content.decode()
    assert "<video" not in as_bob.get("/studio/").content.decode()

    Media.objects.filter(pk=row.pk).update(stored_at=timezone.now() - timedelta(seconds=6))
    page = as_bob.get("/studio/").content.decode()
    assert "run--live" not in page
    assert 'preload="metadata"' in page


def test_a_run_says_why_it_waits(as_bob: Client, mine: Make, acme: Organization) -> None:
    acme.generations_at_once = 1
    acme.save()
    first = mine("First", state=State.PROCESSING)
    Generation.objects.filter(pk=first.pk).update(attempts=1)
    mine("Second", state=State.QUEUED)
    assert (
        "It waits for other videos of your organization." in as_bob.get("/studio/").content.decode()
    )


def test_a_queued_run_can_be_called_off(
    as_bob: Client, as_charlie: Client, as_viewer: Client, mine: Make
) -> None:
    row = mine("A cat", state=State.QUEUED)
    path = f"/studio/runs/{row.pk}/cancel"
    assert as_charlie.post(path).status_code == 404
    assert as_viewer.post(path).status_code == 403
    assert as_bob.get(path).status_code == 405
    row.refresh_from_db()
    assert row.state == State.QUEUED

    answer = as_bob.post(path, headers=HTMX)
    row.refresh_from_db()
    assert row.state == State.CANCELED
    assert "It was not sent to the model." in answer.content.decode()
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["level"] == "success"
    again = as_bob.post(path, headers=HTMX)
    assert json.loads(again.headers["HX-Trigger"])["toast"]["level"] == "warning"
    assert as_bob.post(path).headers["Location"] == "/studio/"


# --- Uploads --------------------------------------------------------------------------------


def upload(client: Client, kind: str, data: bytes, name: str = "cat.png") -> Any:
    return client.post(f"/studio/uploads/{kind}", {"file": SimpleUploadedFile(name, data)})


def test_a_file_becomes_a_link(as_bob: Client, bob: User, acme: Organization) -> None:
    answer = upload(as_bob, "image", picture())
    stored = Upload.objects.get()

    assert answer.status_code == 200
    assert answer.json()["filename"] == "cat.png"
    assert answer.json()["facts"].startswith("64 \N{MULTIPLICATION SIGN} 48, ")
    assert (stored.organization, stored.created_by) == (acme, bob)
    sent = as_bob.post("/studio/p-video/", {**FORM, "image": answer.json()["url"]})
    assert sent.status_code == 302


def test_how_long_a_file_is_kept_is_said(as_bob: Client, settings: Any) -> None:
    assert "up to 20 MB, kept 7 days" in as_bob.get("/studio/p-video/").content.decode()
    settings.UPLOAD_KEEP_SECONDS = 3600
    assert "removed 1 day after its upload" in as_bob.get("/settings/media/").content.decode()


def test_without_javascript_the_file_comes_with_the_form(as_bob: Client) -> None:
    form = {**FORM, "image_file": SimpleUploadedFile("cat.png", picture())}
    assert as_bob.post("/studio/p-video/", form).status_code == 302
    assert "/uploads/" in Generation.objects.get().input["image"]

    form = {**FORM, "image_file": SimpleUploadedFile("cat.png", b"no picture")}
    answer = as_bob.post("/studio/p-video/", form)
    assert answer.status_code == 422
    assert 'id="id_image_error">The file must be a jpg' in answer.content.decode()
    assert Generation.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [
        ("image", b"", "The file is empty."),
        ("image", b"no picture", "The file must be a jpg, png or webp picture."),
        ("audio", b"no sound", "The file must be a flac, mp3 or wav sound."),
        ("audio", picture(), "This is a picture; the field takes a sound."),
        ("video", picture(), "There is no file in this request."),
    ],
)
def test_what_cannot_be_used_is_not_kept(
    as_bob: Client, kind: str, data: bytes, error: str
) -> None:
    answer = upload(as_bob, kind, data)
    assert answer.status_code == 422
    assert answer.json()["error"] == error
    assert not Upload.objects.exists()


def test_uploads_have_an_end(as_bob: Client, settings: Any) -> None:
    settings.UPLOADS_MAX_COUNT = 1
    assert upload(as_bob, "image", picture()).status_code == 200
    answer = upload(as_bob, "image", picture())
    assert answer.status_code == 422
    assert "keeps at most 1 uploads" in answer.json()["error"]
    settings.UPLOAD_IMAGE_MAX_BYTES = 100
    assert "larger than" in upload(as_bob, "image", picture("JPEG")).json()["error"]


def test_only_members_upload(as_viewer: Client, as_bob: Client, bob: User) -> None:
    assert upload(as_viewer, "image", picture()).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(bob, "django.contrib.auth.backends.ModelBackend")
    assert upload(strict, "image", picture()).status_code == 403
    assert upload(Client(), "image", picture()).status_code == 302
    assert as_bob.get("/studio/uploads/image").status_code == 405
    assert not Upload.objects.exists()


# --- As code --------------------------------------------------------------------------------


def test_the_code_is_this_form(as_bob: Client) -> None:
    text = as_bob.post("/studio/p-video/code", FORM, headers=HTMX).content.decode()

    assert text.count('class="code sample') == 3
    assert "&lt;b&gt;" in text
    assert "<b>" not in text
    assert "$PVIDEO_API_KEY" in text
    assert "Not complete yet" not in text
    text = as_bob.post("/studio/audio/code", {"prompt": " "}, headers=HTMX).content.decode()
    assert "Not complete yet: Prompt, Sound." in text
    page = as_bob.post("/studio/p-video/", {**FORM, "show_code": "1"}).content.decode()
    assert '<details id="as-code" class="as-code" open>' in page
    assert not Generation.objects.exists()


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript"])
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")
def test_the_code_runs(
    as_bob: Client, site: str, key: str, language: str, tmp_path: Any, books_balance: None
) -> None:
    """The program makes what the form makes; Python's and JavaScript's wait for the video."""
    page = as_bob.post("/studio/p-video/code", FORM, headers=HTMX)
    sources = {sample.label: sample.source for sample in page.context["samples"]}
    name, command = {
        "curl": ("it.sh", ["bash"]),
        "Python": ("it.py", [sys.executable]),
        "JavaScript": ("it.mjs", ["node"]),
    }[language]
    program = tmp_path / name
    program.write_text(sources[language])
    process = subprocess.Popen(
        [*command, str(program)],
        env={**os.environ, "PVIDEO_API_KEY": key},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not Generation.objects.exists():
        pass
    work_until_done()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    by_program = Generation.objects.get()
    assert (str(by_program.pk) if language == "curl" else "/media/") in out
    assert as_bob.post("/studio/p-video/", FORM).status_code == 302
    by_form = Generation.objects.exclude(pk=by_program.pk).get()
    assert by_program.input == by_form.input
    assert by_program.input["prompt"] == FORM["prompt"]
    assert by_program.input["seed"] == 2**63 - 1


def test_the_samples_say_the_same() -> None:
    given = {"prompt": "It's\n\"\u2028\\u0041", "draft": True, "seed": 5}
    curl, python, javascript = code_samples.of_generation("p-video", given)
    body = {"model": "p-video", "input": given}
    words = shlex.split(curl.source.split("\n\n#")[0].replace("\\\n", " "))
    assert json.loads(words[words.index("-d") + 1]) == body
    scope: dict[str, Any] = {}
    exec(f"body = {code_samples.literal(body)}", scope)  # what we wrote
    assert scope["body"] == body
    assert compile(python.source, "it", "exec")
    assert json.loads(javascript.source.split("JSON.stringify(")[1].split(");\n")[0]) == body


def test_unknown_runs_are_404(as_bob: Client) -> None:
    assert as_bob.post(f"/studio/runs/{uuid.uuid4()}/cancel").status_code == 404
    assert as_bob.post("/studio/p-image/code", FORM).status_code == 404
    assert as_bob.post("/studio/p-image/form", FORM).status_code == 404
    assert as_bob.get("/studio/live?ids=x&seen=y", headers=HTMX).status_code == 286
