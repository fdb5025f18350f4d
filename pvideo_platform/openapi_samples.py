"""Code samples of the API's description: the same call in curl, Python and JavaScript."""

import re
from dataclasses import asdict
from typing import Any

from django.conf import settings

from generations import code_samples

EXAMPLE_ID = "0199a6c4-7c1e-7d30-9f6b-1a2b3c4d5e6f"
_PATH_VALUES = {"model": "p-video"}


def of(
    method: str, path: str, operation: dict[str, Any], *, example: Any = None
) -> list[dict[str, str]]:
    """`x-codeSamples` of an operation.

    Args:
        path: with its parameters in braces.
        example: the JSON body to show, if it has one.
    """
    filled = re.sub(r"{(\w+)}", lambda found: _PATH_VALUES.get(found[1], EXAMPLE_ID), path)
    body = operation.get("requestBody", {}).get("content", {})
    kind = "multipart" if "multipart/form-data" in body else "json" if body else ""
    if kind == "json" and example is not None:
        body["application/json"]["example"] = example
    url = f"{settings.PUBLIC_BASE_URL}{filled}"
    return [asdict(sample) for sample in code_samples.of_call(method, url, kind, example)]
