"""Code samples of the API's description: the same call in curl, Python and JavaScript."""

import json
import re
import textwrap
from typing import Any

from django.conf import settings

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
    url = f"{settings.PUBLIC_BASE_URL}{filled}"
    body = operation.get("requestBody", {}).get("content", {})
    kind = "multipart" if "multipart/form-data" in body else "json" if body else ""
    if kind == "json" and example is not None:
        body["application/json"]["example"] = example
    return [
        {"lang": "Shell", "label": "curl", "source": _curl(method, url, kind, example)},
        {"lang": "Python", "label": "Python", "source": _python(method, url, kind, example)},
        {
            "lang": "JavaScript",
            "label": "JavaScript",
            "source": _javascript(method, url, kind, example),
        },
    ]


def _curl(method: str, url: str, kind: str, example: Any) -> str:
    lines = [f"curl {url}" if method in ("GET", "POST") and kind else f"curl -X {method} {url}"]
    if method == "GET":
        lines = [f"curl {url}"]
        if url.endswith("/content"):
            lines = [f"curl -L -o video.mp4 {url}"]
    lines.append('-H "Authorization: Bearer $PVIDEO_API_KEY"')
    if kind == "json":
        lines.append('-H "Content-Type: application/json"')
        text = json.dumps(example or {}, indent=2, ensure_ascii=False).replace("'", "'\\''")
        lines.append(f"-d '{text}'")
    elif kind == "multipart":
        lines.append("-F file=@picture.jpg")
    return " \\\n  ".join(lines)


def _python(method: str, url: str, kind: str, example: Any) -> str:
    arguments = [
        f'"{url}"',
        'headers={"Authorization": f"Bearer {os.environ[\'PVIDEO_API_KEY\']}"}',
    ]
    if kind == "json":
        arguments.append(f"json={textwrap.indent(_literal(example or {}), '    ').lstrip()}")
    elif kind == "multipart":
        arguments.append('files={"file": open("picture.jpg", "rb")}')
    call = ",\n    ".join(arguments)
    return (
        f"import os\n\nimport requests\n\nresponse = requests.{method.lower()}(\n    {call},\n)\n"
        f"response.raise_for_status()\n{_python_end(method, url)}"
    )


def _literal(value: Any) -> str:
    """A value as Python writes it, a member a line."""
    if isinstance(value, dict) and value:
        lines = [f"{json.dumps(name)}: {_literal(below)}," for name, below in value.items()]
        return "{\n" + textwrap.indent("\n".join(lines), "    ") + "\n}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _python_end(method: str, url: str) -> str:
    if method == "DELETE":
        return "print(response.status_code)"
    if url.endswith("/content"):
        return 'open("video.mp4", "wb").write(response.content)'
    return "print(response.json())"


def _javascript(method: str, url: str, kind: str, example: Any) -> str:
    headers = ["Authorization: `Bearer ${process.env.PVIDEO_API_KEY}`"]
    options = [f'method: "{method}"'] if method != "GET" else []
    before = ""
    if kind == "json":
        headers.append('"Content-Type": "application/json"')
        text = json.dumps(example or {}, indent=2, ensure_ascii=False)
        options.append(f"body: JSON.stringify({textwrap.indent(text, '  ').lstrip()})")
    elif kind == "multipart":
        before = (
            'import { openAsBlob } from "node:fs";\n\nconst form = new FormData();\n'
            'form.append("file", await openAsBlob("picture.jpg"), "picture.jpg");\n'
        )
        options.append("body: form")
    options.insert(0, f"headers: {{ {', '.join(headers)} }}")
    listed = ",\n  ".join(options)
    shown = "response.status" if method == "DELETE" else "await response.json()"
    if url.endswith("/content"):
        shown = "response.url"
    return (
        f'{before}const response = await fetch("{url}", {{\n  {listed},\n}});\n'
        "if (!response.ok) throw new Error((await response.json()).detail);\n"
        f"console.log({shown});"
    )
