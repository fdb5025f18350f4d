"""The landing page's sample videos, rendered as the sandbox renders a job.

    uv run python -m sandbox.media.showcase

Writes a clip and its poster for each scene into static/showcase/.
"""

from __future__ import annotations

from pathlib import Path
from threading import Event

import av

from sandbox.media import rendering, samples, scenes
from sandbox.media.scenes import Scene

FOLDER = Path(__file__).resolve().parents[2] / "static" / "showcase"


def _scene(text: str, *, parts: tuple[int, int], model: str = "p-video", **more: object) -> Scene:
    width, height = scenes.size_of(short_side=480, width_part=parts[0], height_part=parts[1])
    return Scene(
        width=width,
        height=height,
        fps=24,
        seconds=4,
        text=text,
        model=model,
        **more,  # type: ignore[arg-type]
    )


def showcase() -> dict[str, Scene]:
    """The scenes by the name of their file."""
    landscape = samples.SAMPLES["landscape.jpg"][1]()
    portrait = samples.SAMPLES["portrait.png"][1]()
    return {
        "text": _scene("A lighthouse at dusk, waves below", parts=(16, 9)),
        "image": _scene("Clouds drift over the hills", parts=(16, 9), image=landscape),
        "audio": _scene("Neon rain, in time with the beat", parts=(16, 9)),
        "avatar": _scene(
            "Good morning, and welcome.",
            parts=(16, 9),
            model="p-video-avatar",
            is_avatar=True,
            image=portrait,
        ),
    }


def main() -> None:
    """Render them all; the poster is a frame of the middle."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, scene in showcase().items():
        path = FOLDER / f"{name}.mp4"
        rendering.render(scene, path, Event())
        with av.open(path) as container:
            frames = list(container.decode(video=0))
            frames[len(frames) // 2].to_image().save(FOLDER / f"{name}.jpg", quality=78)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
