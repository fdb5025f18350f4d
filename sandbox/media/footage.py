"""From a job to its video file: which inputs to fetch, how long and how large the video becomes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

from sandbox.media import downloads, drawing, rendering, scenes, sound, speech
from sandbox.media.scenes import Scene
from sandbox.pixazo import contract
from sandbox.pixazo.jobs import Job
from sandbox.state import SandboxState

_IMAGE_TIMEOUT_SECONDS = 3.0
_IMAGE_MAX_BYTES = 10_000_000
_AUDIO_TIMEOUT_SECONDS = 10.0
_AUDIO_MAX_BYTES = 50_000_000
_AVATAR_FPS = 24


class UnusableInput(Exception):
    """The job cannot be done with the inputs that were given; the text is for the customer."""


async def shoot(state: SandboxState, job: Job) -> Path:
    """Make the job's video and return its file.

    Raises UnusableInput when its audio cannot be used, and rendering.Interrupted when the sandbox
    stops. A picture that cannot be had is no failure: the background is plain then.
    """
    samples = await _samples(state, job)
    shared = state.settings.shared_render
    image = None if shared else await _image(state, job)
    scene = await asyncio.get_running_loop().run_in_executor(
        state.renderers, partial(_scene, job, image=image, samples=samples)
    )
    if not shared:
        path = state.data_dir / "media" / f"{job.request_id}.mp4"
        await _render(state, scene, path)
        return path
    scene = replace(scene, text="A shared video", audio=None)
    path = state.data_dir / "shared" / f"{_shared_name(scene)}.mp4"
    async with state.file_locks.setdefault(path, asyncio.Lock()):
        if not path.exists():
            await _render(state, scene, path)
    return path


async def _render(state: SandboxState, scene: Scene, path: Path) -> None:
    work = partial(rendering.render, scene, path, state.stop_rendering)
    await asyncio.get_running_loop().run_in_executor(state.renderers, work)


async def _image(state: SandboxState, job: Job) -> bytes | None:
    url = job.body.get("image")
    if url is None:
        return None
    try:
        return await downloads.fetch(
            state.client, url, max_bytes=_IMAGE_MAX_BYTES, timeout_seconds=_IMAGE_TIMEOUT_SECONDS
        )
    except downloads.Unreachable:
        return None


async def _samples(state: SandboxState, job: Job) -> bytes | None:
    url = job.body.get("audio")
    if url is None:
        return None
    try:
        data = await downloads.fetch(
            state.client, url, max_bytes=_AUDIO_MAX_BYTES, timeout_seconds=_AUDIO_TIMEOUT_SECONDS
        )
    except downloads.Unreachable as error:
        raise UnusableInput(f"audio could not be fetched: {error}") from error
    try:
        return await asyncio.get_running_loop().run_in_executor(
            state.renderers, sound.decoded, data
        )
    except sound.UnreadableAudio as error:
        raise UnusableInput(f"audio could not be read: {error}") from error


def _scene(job: Job, *, image: bytes | None, samples: bytes | None) -> Scene:
    """Return what to draw for `job`; runs in a renderer's thread.

    `image` is dropped when it cannot be read.
    """
    body = job.body
    is_avatar = job.model_id == contract.P_VIDEO_AVATAR
    size = None
    if image is not None:
        try:
            size = drawing.opened(image).size
        except ValueError:
            image = None
    short_side = contract.SHORT_SIDE[body.get("resolution") or "720p"]
    width_part, height_part = size or map(int, (body.get("aspect_ratio") or "16:9").split(":"))
    width, height = scenes.size_of(
        short_side=short_side, width_part=width_part, height_part=height_part
    )
    return Scene(
        width=width,
        height=height,
        fps=_AVATAR_FPS if is_avatar else body.get("fps") or 24,
        seconds=_seconds(job, samples),
        text=_text(job),
        model=job.model_id,
        is_avatar=is_avatar,
        is_draft=body.get("draft") is True,
        with_sound=body.get("save_audio") is not False,
        image=image,
        audio=samples,
    )


def _text(job: Job) -> str:
    if job.model_id == contract.P_VIDEO:
        return str(job.body["prompt"])
    if job.body.get("audio") is not None:
        return str(job.body.get("video_prompt") or "The person is talking.")
    return str(job.body.get("voice_script") or "")


def _seconds(job: Job, samples: bytes | None) -> float:
    """Return the video's length in seconds.

    It is what the prompt forces, else the audio's, else the script's or the one asked for.
    """
    if job.faults.video_seconds is not None:
        return job.faults.video_seconds
    if samples is not None:
        return sound.seconds_of(samples)
    if job.model_id == contract.P_VIDEO:
        return float(job.body.get("duration") or contract.DEFAULT_DURATION_SECONDS)
    language = job.body.get("voice_language") or contract.DEFAULT_LANGUAGE
    script = job.body.get("voice_script") or ""
    return speech.seconds_to_speak(script, language) + speech.CONTAINER_PADDING_SECONDS


def _shared_name(scene: Scene) -> str:
    parts = [
        scene.model,
        f"{scene.width}x{scene.height}",
        f"{scene.fps}fps",
        f"{scene.seconds:.2f}s",
    ]
    parts += ["draft"] * scene.is_draft + ["silent"] * (not scene.with_sound)
    return "-".join(parts)
