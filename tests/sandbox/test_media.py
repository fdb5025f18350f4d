"""Finished videos and sample inputs: real files of the asked length and size."""

from __future__ import annotations

import io
from typing import Any

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from tests.sandbox.gateway import Film, Gateway, eventually


@pytest.fixture
def studio(gateway: Gateway) -> Gateway:
    """A gateway that draws every prompt."""
    gateway.settings(shared_render=False)
    return gateway


def avatar(gateway: Gateway, **body: Any) -> Film:
    body.setdefault("image", f"{gateway.base_url}/samples/portrait.png")
    answer = gateway.submit(body, model="p-video-avatar")
    assert answer.status_code == 202, answer.text
    return gateway.film(answer.json()["request_id"])


def test_a_plain_video(studio: Gateway) -> None:
    film = studio.film(studio.accepted("A cat walking in a garden"))
    assert (film.codec, film.pixels, film.sound) == ("h264", "yuv420p", ["aac"])
    assert (film.width, film.height, film.fps) == (1280, 720, 24)
    assert film.seconds == pytest.approx(5, abs=0.02)
    assert film.frame_count == 120
    assert film.is_streamable
    # It moves, but gently.
    pictures = film.pictures()
    assert len(pictures) == 120
    difference = ImageStat.Stat(ImageChops.difference(pictures[0], pictures[60]))
    assert 0.5 < sum(difference.mean) / 3 < 20


def test_sizes(studio: Gateway) -> None:
    wanted = {
        ("9:16", "720p"): (720, 1280),
        ("4:3", "720p"): (960, 720),
        ("3:4", "720p"): (720, 960),
        ("3:2", "720p"): (1080, 720),
        ("2:3", "720p"): (720, 1080),
        ("1:1", "720p"): (720, 720),
        ("16:9", "1080p"): (1920, 1080),
        ("3:2", "1080p"): (1620, 1080),
    }
    ids = [studio.accepted(duration=1, aspect_ratio=one, resolution=two) for one, two in wanted]
    films = [studio.film(one) for one in ids]
    assert [(film.width, film.height) for film in films] == list(wanted.values())
    assert all(film.seconds == pytest.approx(1, abs=0.02) for film in films)


def test_frame_rate_sound_and_draft(studio: Gateway) -> None:
    fast = studio.film(studio.accepted(duration=1, fps=48, save_audio=False))
    assert (fast.fps, fast.frame_count, fast.sound) == (48, 48, [])
    plain = studio.film(studio.accepted(duration=2))
    draft = studio.film(studio.accepted(duration=2, draft=True))
    assert draft.size_bytes < 0.7 * plain.size_bytes
    # The mark in the upper right corner is amber, and only a draft has it.
    red, green, blue = draft.first().crop((1200, 35, 1215, 40)).resize((1, 1)).tobytes()
    assert red > 150
    assert green > 120
    assert blue < 120


def test_the_picture_is_the_background_and_gives_the_aspect(studio: Gateway) -> None:
    image = f"{studio.base_url}/samples/portrait.png"
    film = studio.film(studio.accepted("Hi", image=image, duration=1, aspect_ratio="16:9"))
    assert (film.width, film.height) == (720, 960)
    picture = Image.open(io.BytesIO(studio.http.get(image).content)).resize((720, 960))
    face = (150, 560, 570, 640)
    wanted = ImageStat.Stat(picture.convert("RGB").crop(face)).mean
    found = ImageStat.Stat(film.first().crop(face)).mean
    assert found == pytest.approx(wanted, abs=60)


@pytest.mark.parametrize("path", ["/nothing.png", "/samples/tone-4s.wav"])
def test_a_picture_that_cannot_be_had_is_no_failure(studio: Gateway, path: str) -> None:
    film = studio.film(studio.accepted(image=studio.base_url + path, duration=1))
    assert (film.width, film.height) == (1280, 720)


@pytest.mark.parametrize(
    ("model", "name", "shared"),
    [
        ("p-video", "tone-4s.wav", False),
        ("p-video", "speech-7s.mp3", True),
        ("p-video-avatar", "speech-7s.mp3", False),
        ("p-video-avatar", "music-3s.flac", False),
    ],
)
def test_audio_driven_videos_are_as_long_as_the_audio(
    studio: Gateway, model: str, name: str, shared: bool
) -> None:
    studio.settings(shared_render=shared)
    audio = f"{studio.base_url}/samples/{name}"
    with av.open(io.BytesIO(studio.http.get(audio).content), "r") as container:
        seconds = (container.duration or 0) / av.time_base
    if model == "p-video":
        film = studio.film(studio.accepted(audio=audio, duration=1))
    else:
        film = avatar(studio, audio=audio, voice_script="This is not said.")
    assert film.seconds == pytest.approx(seconds, abs=0.08)
    assert film.sound == ["aac"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nothing.wav", "audio could not be fetched: the address answered 404"),
        ("/samples/portrait.png", "audio could not be read: the file has no audio stream"),
        ("/", "audio could not be read: the audio cannot be decoded"),
    ],
)
def test_bad_audio_ends_failed(studio: Gateway, path: str, reason: str) -> None:
    body = studio.ended(studio.accepted(audio=studio.base_url + path))
    assert (body["status"], body["output"]) == ("FAILED", None)
    assert body["error"].startswith(reason)


def test_nobody_serves_the_audio(studio: Gateway) -> None:
    body = studio.ended(studio.accepted(audio="http://127.0.0.1:9/a.wav"))
    assert body["status"] == "FAILED"
    assert body["error"].startswith("audio could not be fetched")


@pytest.mark.parametrize(
    ("language", "characters", "seconds"),
    [
        ("English (US)", 45, 3.05),
        ("German", 30, 2.05),
        ("Japanese", 21, 3.05),
        ("Korean", 14, 2.05),
        ("Hindi", 36, 3.05),
        ("English (UK)", 3, 1.05),
    ],
)
def test_script_driven_avatars_are_as_long_as_speaking_takes(
    studio: Gateway, language: str, characters: int, seconds: float
) -> None:
    film = avatar(studio, voice_script="x" * characters, voice_language=language)
    assert film.seconds == pytest.approx(seconds, abs=0.03)
    assert (film.width, film.height, film.fps) == (720, 960, 24)
    assert film.sound == ["aac"]


def test_a_forced_length(studio: Gateway) -> None:
    film = studio.film(studio.accepted("sandbox:seconds=2.5", duration=1))
    assert film.seconds == pytest.approx(2.5, abs=0.03)


def test_odd_text_never_fails(studio: Gateway) -> None:
    prompts = [
        "\ud800 lone \udfff",
        "\x00\x07\u202e\u2066 control",
        "日本語のとても長い文章" * 60,
        "हिन्दी العربية 😀👩‍👩‍👧 é",
        "w" * 3000,
        "a\n\n\tb " * 400,
        "\u200b" * 10,
        "%s {x} <b>&amp;</b>",
    ]
    ids = [studio.accepted(prompt, duration=1) for prompt in prompts]
    assert [studio.ended(one)["status"] for one in ids] == ["COMPLETED"] * len(ids)
    assert studio.http.get("/").status_code == 200
    assert [one["body"]["prompt"] for one in studio.submissions()] == prompts


def test_a_huge_prompt(studio: Gateway) -> None:
    assert studio.film(studio.accepted("long " * 2_000_000, duration=1)).seconds > 0.9


def test_byte_ranges(gateway: Gateway) -> None:
    url = gateway.ended(gateway.accepted())["output"]["media_url"][0]
    whole = gateway.http.get(url)
    part = gateway.http.get(url, headers={"Range": "bytes=10-19"})
    assert whole.headers["Content-Type"] == "video/mp4"
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.content)}"
    assert gateway.http.get("/cdn/v1/p-video_nothing/output.mp4").status_code == 404


def test_shared_videos_are_drawn_once(gateway: Gateway) -> None:
    ids = [gateway.accepted(f"Number {number}", duration=2) for number in range(10)]
    urls = [gateway.ended(one)["output"]["media_url"][0] for one in ids]
    assert len(set(urls)) == 10
    assert len({gateway.http.get(url).content for url in urls}) == 1
    other = gateway.film(gateway.accepted("Another length", duration=3))
    assert other.seconds == pytest.approx(3, abs=0.02)


def test_samples(gateway: Gateway) -> None:
    for name, kind, size in (
        ("landscape.jpg", "image/jpeg", (1280, 720)),
        ("portrait.png", "image/png", (768, 1024)),
    ):
        answer = gateway.http.get(f"/samples/{name}")
        assert answer.headers["Content-Type"] == kind
        assert Image.open(io.BytesIO(answer.content)).size == size
    for name, seconds in (("tone-4s.wav", 4), ("speech-7s.mp3", 7.3), ("music-3s.flac", 3)):
        answer = gateway.http.get(f"/samples/{name}")
        assert answer.headers["Content-Type"].startswith("audio/")
        with av.open(io.BytesIO(answer.content), "r") as container:
            assert (container.duration or 0) / 1e6 == pytest.approx(seconds, abs=0.08)
    assert gateway.http.get("/samples/nothing.jpg").status_code == 404


def test_the_front_page_says_what_this_is(gateway: Gateway) -> None:
    gateway.accepted("<script>alert(1)</script>")
    eventually(lambda: "COMPLETED" in gateway.http.get("/").text)
    page = gateway.http.get("/").text
    assert "This is a sandbox standing in for Pixazo" in page
    assert "<script>" not in page
    assert "sandbox:duplicate-callback=N" in page
    assert "/samples/portrait.png" in page
