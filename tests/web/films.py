"""Videos that are really there, for generations made by hand."""

import functools
import tempfile
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from generations import probing
from generations.models import Generation, Media
from tests.generations.media_files import write_video

SIZE = (320, 180)


def film(*rows: Generation) -> None:
    """Give completed generations a video of half a second, a poster and a preview."""
    for row in rows:
        names = {
            field: default_storage.save(f"{row.organization_id}/{row.pk}/{name}", ContentFile(data))
            for field, (name, data) in _files().items()
        }
        Media.objects.filter(pk=row.pk).update(
            **names,
            duration_ms=500,
            width=SIZE[0],
            height=SIZE[1],
            size_bytes=len(_files()["video"][1]),
        )


def video_bytes() -> bytes:
    """The video that `film` gives."""
    return _files()["video"][1]


@functools.cache
def _files() -> dict[str, tuple[str, bytes]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = write_video(folder / "video.mp4", frames=12, size=SIZE)
        probing.write_poster(video, folder / "poster.jpg")
        probing.write_preview(video, folder / "preview.mp4")
        paths = (video, folder / "poster.jpg", folder / "preview.mp4")
        return {path.stem: (path.name, path.read_bytes()) for path in paths}
