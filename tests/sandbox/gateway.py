"""A client of the sandbox's gateway and of its control addresses, and a receiver of callbacks."""

from __future__ import annotations

import io
import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import av
import httpx2
from PIL import Image

KEY = {"Ocp-Apim-Subscription-Key": "test"}
PATHS = {
    "p-video": "/p-video/v1/p-video/generate",
    "p-video-avatar": "/p-video-avatar/v1/p-video-avatar/generate",
}


class Gateway:
    """Speaks to one running sandbox."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = httpx2.Client(
            base_url=base_url, timeout=30, headers=KEY, trust_env=False, verify=False
        )

    def settings(self, **changes: Any) -> dict[str, Any]:
        answer = self.http.post("/_sandbox/settings", json=changes)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def reset(self) -> None:
        assert self.http.post("/_sandbox/reset").status_code == 200

    def submit(
        self, body: Any, *, model: str = "p-video", headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        # The standard library's JSON, because httpx2's own refuses to send a lone surrogate.
        return self.http.post(PATHS[model], content=json.dumps(body), headers=headers)

    def accepted(self, prompt: str = "A cat", **more: Any) -> str:
        """Submit a p-video job and return its request id; `headers` may be among `more`."""
        headers = more.pop("headers", None)
        answer = self.submit({"prompt": prompt, **more}, headers=headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["request_id"])

    def status(self, request_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/v2/requests/status/{request_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ended(self, request_id: str, *, within_seconds: float = 20) -> dict[str, Any]:
        """Return the status body once it is terminal."""

        def terminal() -> dict[str, Any] | None:
            body = self.status(request_id)
            return body if body["status"] not in ("QUEUED", "PROCESSING") else None

        return dict(eventually(terminal, within_seconds=within_seconds))

    def submissions(self, contains: str = "") -> list[dict[str, Any]]:
        answer = self.http.get("/_sandbox/submissions", params={"prompt_contains": contains})
        return list(answer.json()["submissions"])

    def callbacks(self) -> list[dict[str, Any]]:
        return list(self.http.get("/_sandbox/callbacks").json()["callbacks"])

    def film(self, request_id: str) -> Film:
        """Return the facts of a job's finished video."""
        body = self.ended(request_id)
        assert body["status"] == "COMPLETED", body
        answer = self.http.get(body["output"]["media_url"][0])
        assert answer.status_code == 200
        return Film(answer.content)


class Film:
    """What PyAV finds in an MP4 file. `seconds` is the container's length."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size_bytes = len(data)
        # "faststart": the index comes before the pictures, so a browser can begin at once.
        self.is_streamable = 0 < data.find(b"moov") < data.find(b"mdat")
        with av.open(io.BytesIO(data), "r") as container:
            video = container.streams.video[0]
            self.seconds = (container.duration or 0) / av.time_base
            self.width, self.height = video.width, video.height
            self.fps = float(video.average_rate or 0)
            self.codec, self.pixels = video.codec_context.name, video.codec_context.pix_fmt
            self.sound: list[str] = [one.codec_context.name for one in container.streams.audio]
            self.frame_count = video.frames

    def pictures(self) -> list[Image.Image]:
        """Return every frame, decoded."""
        with av.open(io.BytesIO(self._data), "r") as container:
            return [frame.to_image() for frame in container.decode(video=0)]

    def first(self) -> Image.Image:
        """Return the first frame."""
        with av.open(io.BytesIO(self._data), "r") as container:
            frame = next(container.decode(video=0))
            assert isinstance(frame, av.VideoFrame)
            picture: Image.Image = frame.to_image()
            return picture


class Receiver:
    """An HTTP server that keeps the callbacks it gets. `answers` are given in turn, then 200."""

    def __init__(self) -> None:
        self.bodies: queue.Queue[dict[str, Any]] = queue.Queue()
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.bodies.put(json.loads(body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/callback"
        self.headers = {"X-Webhook-URL": self.url}

    def next(self, *, within_seconds: float = 10) -> dict[str, Any]:
        return self.bodies.get(timeout=within_seconds)

    def is_silent(self, *, for_seconds: float = 0.2) -> bool:
        try:
            self.bodies.get(timeout=for_seconds)
        except queue.Empty:
            return True
        return False

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def eventually(ask: Any, *, within_seconds: float = 10) -> Any:
    """Return the first true answer of `ask`, asked again and again."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")
