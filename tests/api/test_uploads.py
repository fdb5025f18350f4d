"""Uploads: what is taken, how it is used, and how it goes away."""

import struct
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts import api_keys
from accounts.models import IdempotencyRecord, Organization, User
from generations import tasks, uploads
from generations.models import Upload
from tests.conftest import Sandbox, assert_books_balance, caller_for
from tests.generations.conftest import Api, work_until_done
from tests.generations.media_files import write_audio

Draw = Callable[..., bytes]


def send(api: Api, data: bytes, name: str = "a.png", **headers: str) -> Any:
    return api.client.post(
        "/api/v1/uploads",
        {"file": SimpleUploadedFile(name, data, "application/octet-stream")},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    """Three seconds."""
    path = tmp_path / "sound.wav"
    write_audio(path, seconds=3)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("kind", "extension", "content_type"),
    [("PNG", "png", "image/png"), ("JPEG", "jpg", "image/jpeg"), ("WEBP", "webp", "image/webp")],
)
def test_a_picture_is_taken_by_what_it_is(
    api: Api, picture: Draw, kind: str, extension: str, content_type: str
) -> None:
    answer = send(api, picture(kind), name="../../sun\x00set.exe")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert answer["Location"] == f"/api/v1/uploads/{made['id']}"
    assert made["kind"] == "image"
    assert made["content_type"] == content_type
    assert (made["width"], made["height"], made["duration"]) == (64, 48, None)
    assert made["size"] == len(picture(kind))
    assert made["url"].endswith(f"/image.{extension}")
    assert "/" not in made["filename"]
    assert api.get(f"uploads/{made['id']}").json() == made
    file: Any = Client().get(made["url"].removeprefix("http://127.0.0.1:8000"))
    assert b"".join(file.streaming_content) == picture(kind)
    assert file["Content-Type"] == content_type
    assert file["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file["Content-Security-Policy"]


def test_sound_is_measured(api: Api, sound: bytes) -> None:
    made = send(api, sound, name="voice.mp3").json()
    assert (made["kind"], made["content_type"], made["duration"]) == ("audio", "audio/wav", 3.0)
    assert (made["width"], made["height"]) == (None, None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"hello", "not_media"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_media"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "not_media"),
        (b"#EXTM3U\nhttp://169.254.169.254/\n", "not_media"),
    ],
)
def test_what_is_no_medium_is_refused(api: Api, data: bytes, code: str) -> None:
    answer = send(api, data)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/file", code)
    assert Upload.objects.count() == 0


def test_a_damaged_or_monstrous_picture_is_refused(api: Api, picture: Draw) -> None:
    whole = picture("JPEG", (400, 400))
    assert send(api, whole[: len(whole) // 2]).status_code == 400
    assert send(api, picture("PNG", (8000, 8000))).json()["errors"][0]["code"] == "unsupported"
    assert send(api, picture("PNG", (8, 8))).json()["errors"][0]["code"] == "unsupported"


def test_a_picture_that_is_a_bomb_is_refused_with_the_limit(api: Api) -> None:
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in (
        (b"IHDR", struct.pack(">II5B", 60_000, 60_000, 8, 2, 0, 0, 0)),
        (b"IDAT", b""),
    ):
        data += struct.pack(">I", len(body)) + kind + body
        data += struct.pack(">I", zlib.crc32(kind + body))
    problem = send(api, data).json()
    assert problem["errors"][0]["code"] == "unsupported"
    assert "at most 50,000,000 in all" in problem["detail"]


def test_sizes_have_ends(api: Api, picture: Draw, settings: Any) -> None:
    settings.UPLOAD_IMAGE_MAX_BYTES = 50
    assert send(api, picture()).json()["errors"][0]["code"] == "too_large"
    settings.AUDIO_MAX_BYTES = 60
    answer = send(api, b"x" * 20_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    settings.UPLOAD_IMAGE_MAX_BYTES = settings.AUDIO_MAX_BYTES = 10**6
    settings.UPLOADS_MAX_COUNT = 1
    assert send(api, picture()).status_code == 201
    answer = send(api, picture())
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_quota_exceeded")


def test_the_form_has_one_field(api: Api, picture: Draw) -> None:
    def file() -> SimpleUploadedFile:
        return SimpleUploadedFile("a.png", picture(), "image/png")

    for form, pointer in (
        ({}, "/file"),
        ({"file": "text"}, "/file"),
        ({"picture": file()}, "/file"),
        ({"file": [file(), file()]}, "/file"),
        ({"file": file(), "purpose": "x"}, "/purpose"),
        ({"file": file(), "other": file()}, "/other"),
    ):
        answer = api.client.post("/api/v1/uploads", form)
        assert answer.status_code == 400, form
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    answer = api.client.post("/api/v1/uploads", {"file": "x"}, content_type="application/json")
    assert answer.status_code == 415
    broken = api.client.post(
        "/api/v1/uploads", b"nonsense", content_type="multipart/form-data; boundary=x"
    )
    assert broken.status_code == 400
    assert (
        api.client.post("/api/v1/uploads", b"", content_type="multipart/form-data").status_code
        == 400
    )
    assert Upload.objects.count() == 0


def test_it_is_the_organizations_own(api: Api, picture: Draw, charlie: User) -> None:
    """Promise 6: someone else's object is a 404, and its link is no input."""
    made = send(api, picture()).json()
    stranger = Api(api_keys.create(charlie.organizations.get(), name="c")[1])
    assert stranger.get(f"uploads/{made['id']}").status_code == 404
    assert stranger.delete(f"uploads/{made['id']}").status_code == 404
    assert stranger.get("uploads").json()["results"] == []
    body = {"model": "p-video", "input": {"prompt": "p", "image": made["url"]}}
    answer = stranger.post("quotes", body)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {
            "pointer": "/input/image",
            "code": "upload_missing",
            "message": "image is an upload that does not exist, or no longer",
        }
    ]
    assert api.post("quotes", body).status_code == 200


def test_a_link_is_not_made_up(api: Api, picture: Draw, sound: bytes) -> None:
    image, audio = send(api, picture()).json()["url"], send(api, sound).json()["url"]
    for name, url, code in (
        ("image", audio, "wrong_kind"),
        ("audio", image, "wrong_kind"),
        ("image", image.replace(".", "x", 4), "invalid"),
        ("image", image.partition("/uploads/")[0] + "/uploads/x/image.png", "upload_missing"),
        ("image", image.partition("/uploads/")[0] + "/uploads/", "upload_missing"),
        ("image", image + "\n", "invalid"),
        ("webhook", image, "invalid"),
    ):
        answer = api.post("quotes", {"model": "p-video", "input": {"prompt": "p", name: url}})
        assert answer.status_code == 400, (name, url)
        assert answer.json()["errors"][0]["code"] == code, (name, url)
    assert Client().get("/uploads/x/image.png").status_code == 404


def test_audio_is_priced_without_fetching(api: Api, sound: bytes) -> None:
    url = send(api, sound).json()["url"]  # nothing serves this address here
    answer = api.post("quotes", {"model": "p-video", "input": {"prompt": "p", "audio": url}})
    assert answer.status_code == 200
    quote = answer.json()
    assert (quote["seconds"], quote["basis"], quote["audio_duration"]) == (3, "audio", 3.0)


def test_a_video_is_made_from_uploads(trip: Sandbox, api: Api, picture: Draw, sound: bytes) -> None:
    """The provider fetches them from us, over HTTP."""
    image = send(api, picture("JPEG", (320, 240))).json()["url"]
    audio = send(api, sound).json()["url"]
    made = api.make(image=image, audio=audio)
    work_until_done()
    done = api.one(made["id"])
    assert done["status"] == "completed", done
    assert done["cost"]["charged"] == "0.060000"
    assert_books_balance()


def test_lists_pages_and_deletion(api: Api, picture: Draw) -> None:
    ids = [send(api, picture()).json()["id"] for _ in range(3)][::-1]
    page = api.get("uploads?limit=2").json()
    assert [one["id"] for one in page["results"]] == ids[:2]
    rest = api.get(page["next"].partition("/api/v1/")[2]).json()
    assert [one["id"] for one in rest["results"]] == ids[2:]
    path = str(Upload.objects.get(pk=ids[0]).file.name)
    url = page["results"][0]["url"].removeprefix("http://127.0.0.1:8000")
    assert default_storage.exists(path)
    assert api.delete(f"uploads/{ids[0]}").status_code == 204
    assert api.delete(f"uploads/{ids[0]}").status_code == 404
    assert not default_storage.exists(path)
    assert Client().get(url).status_code == 404
    assert len(api.get("uploads").json()["results"]) == 2


def test_not_while_an_open_job_uses_it(committed: Api, picture: Draw) -> None:
    upload = send(committed, picture()).json()
    made = committed.make(image=upload["url"])
    answer = committed.delete(f"uploads/{upload['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_in_use")
    assert committed.post(f"generations/{made['id']}/cancel", {}).status_code == 200
    # What stands after the token is not looked at, so the link has other forms.
    made = committed.make(image=upload["url"].replace("image.png", "other.png?x=1"))
    assert committed.delete(f"uploads/{upload['id']}").status_code == 409
    assert committed.post(f"generations/{made['id']}/cancel", {}).status_code == 200
    assert committed.delete(f"uploads/{upload['id']}").status_code == 204


def test_it_outlives_the_jobs_that_took_it(api: Api, picture: Draw, settings: Any) -> None:
    upload = send(api, picture()).json()
    url = upload["url"].removeprefix("http://127.0.0.1:8000")
    row = Upload.objects.get()
    path = str(row.file.name)

    def expired_for(span: timedelta) -> None:
        Upload.objects.update(expires_at=timezone.now() - span)
        tasks.sweep()

    deadline = timedelta(seconds=settings.GENERATION_DEADLINE_SECONDS)
    expired_for(timedelta(seconds=1))
    body = {"model": "p-video", "input": {"prompt": "p", "image": upload["url"]}}
    assert api.post("quotes", body).status_code == 400
    assert api.get(f"uploads/{upload['id']}").status_code == 404
    expired_for(deadline)  # a job accepted just before may still run
    assert Client().get(url).status_code == 200
    expired_for(deadline + timedelta(hours=1, seconds=1))
    assert Client().get(url).status_code == 404
    assert not default_storage.exists(path)
    assert Upload.objects.count() == 0


def test_a_repeated_request_gives_the_first_upload_again(api: Api, picture: Draw) -> None:
    first = send(api, picture(), Idempotency_Key="pic-1")
    again = send(api, picture(), Idempotency_Key="pic-1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert again["Location"] == first["Location"]
    assert Upload.objects.count() == 1
    other = send(api, picture("JPEG"), Idempotency_Key="pic-1")
    assert other.status_code == 422
    assert Upload.objects.count() == 1
    assert IdempotencyRecord.objects.count() == 1


def test_what_a_crash_leaves_is_not_seen_and_is_purged(
    api: Api, picture: Draw, acme: Organization, alice: User, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture())
    upload = uploads.store(caller_for(alice), path, filename="a.png")  # and no `keep`
    assert api.get("uploads").json()["results"] == []
    assert api.get(f"uploads/{upload.pk}").status_code == 404
    Upload.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert uploads.purge() == 1
    assert not default_storage.exists(str(upload.file.name))


def test_scopes(api: Api, acme: Organization, picture: Draw) -> None:
    reader = Api(api_keys.create(acme, name="r", scopes=["generations:read"])[1])
    assert send(reader, picture()).status_code == 403
    writer = Api(api_keys.create(acme, name="w", scopes=["uploads:write"])[1])
    assert send(writer, picture()).status_code == 201
