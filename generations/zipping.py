"""A ZIP archive that is written while it is sent: neither the disk nor the memory holds it."""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive; `opened` is called when its turn comes, and may raise OSError."""

    name: str
    made_at: datetime
    opened: Callable[[], IO[Any]]


class _Pipe:
    """What the archive is written to, and read from piece by piece. It cannot be rewound, so each
    file's size and checksum come after it, as ZIP allows."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes, /) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> bytes:
        data = bytes(self._written)
        self._written.clear()
        return data


def stream(members: Iterable[Member]) -> Iterator[bytes]:
    """The archive in pieces, its files stored as they are: video does not get any smaller.

    A file that is gone when its turn comes is left out.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            try:
                file = member.opened()
            except OSError:
                continue
            info = zipfile.ZipInfo(member.name, member.made_at.timetuple()[:6])
            info.external_attr = 0o644 << 16
            with file, archive.open(info, "w", force_zip64=True) as target:
                while chunk := file.read(CHUNK_BYTES):
                    target.write(chunk)
                    yield pipe.taken()
    yield pipe.taken()
