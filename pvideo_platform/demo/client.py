"""The customer's program: it knows a base URL and a key."""

import http.client
import uuid
from typing import Any

from pvideo_platform.demo import wire
from pvideo_platform.demo.failure import DemoFailure
from pvideo_platform.demo.trip_plan import Job


class Client:
    """Each call raises DemoFailure when it is not answered as documented."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def submit(self, job: Job) -> dict[str, Any]:
        return self._call(
            "POST",
            "/api/v1/generations",
            202,
            body={"model": job.model, "input": job.input, "metadata": {"walkthrough": job.name}},
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )

    def generation(self, generation_id: str) -> dict[str, Any]:
        return self._call("GET", f"/api/v1/generations/{generation_id}", 200)

    def wallet(self) -> dict[str, Any]:
        return self._call("GET", "/api/v1/wallet", 200)

    def download(self, url: str) -> bytes:
        answer = wire.request("GET", url if "://" in url else self._base_url + url)
        if answer.status != 200:
            raise DemoFailure(f"The video at {url} was answered with {answer}")
        return answer.body

    def _call(
        self,
        method: str,
        path: str,
        expected: int,
        *,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        try:
            answer = wire.request(
                method, self._base_url + path, body=body, headers=self._headers | (headers or {})
            )
        except (OSError, http.client.HTTPException) as error:
            raise DemoFailure(f"{method} {path} was not answered: {error!r}") from error
        if answer.status != expected:
            raise DemoFailure(f"{method} {path} was answered with {answer}")
        content: dict[str, Any] = answer.json()
        return content
