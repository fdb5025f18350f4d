"""The merchant at Stripe's dashboard: what happens there reaches the platform as an event only."""

import http.client
from collections.abc import Mapping
from typing import Any

from pvideo_platform.demo import wire
from pvideo_platform.demo.failure import DemoFailure

_KEY = "sk_test_dashboard"


class Dashboard:
    """Over the sandbox's Stripe, as Stripe's API has it."""

    def __init__(self, sandbox_url: str) -> None:
        self._url = f"{sandbox_url}/stripe/v1"

    def refund(self, session_id: str) -> dict[str, Any]:
        """Give back all of a payment that was made on a hosted page. Raises: DemoFailure."""
        session = self._call("GET", f"/checkout/sessions/{session_id}")
        return self._call("POST", "/refunds", {"payment_intent": session["payment_intent"]})

    def _call(
        self, method: str, path: str, form: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {_KEY}"}
        try:
            answer = wire.request(method, self._url + path, form=form, headers=headers)
        except (OSError, http.client.HTTPException) as error:
            raise DemoFailure(f"Stripe's {method} {path} was not answered: {error!r}") from error
        if answer.status != 200:
            raise DemoFailure(f"Stripe's {method} {path} was answered with {answer}")
        content: dict[str, Any] = answer.json()
        return content
