"""Calls of the API as code that runs: curl, Python and JavaScript."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

_LARGEST_EXACT = 2**53 - 1
"""JavaScript's numbers are not whole above it."""


@dataclass(frozen=True, slots=True)
class Sample:
    lang: str
    label: str
    source: str


def of_call(method: str, url: str, kind: str, body: Any = None) -> list[Sample]:
    """One call and its answer.

    Args:
        kind: of the body: "json", "multipart" or "".
        body: the JSON, if there is one.
    """
    return [
        Sample("Shell", "curl", _curl(method, url, kind, body)),
        Sample("Python", "Python", _python(method, url, kind, body)),
        Sample("JavaScript", "JavaScript", _javascript(method, url, kind, body)),
    ]


def of_generation(model: str, given: Mapping[str, Any]) -> list[Sample]:
    """A generation from the request to the link to its video."""
    api = f"{settings.PUBLIC_BASE_URL}/api/v1"
    body = {"model": model, "input": dict(given)}
    curl = _curl("POST", f"{api}/generations", "json", body)
    return [
        Sample("Shell", "curl", f"{curl}\n\n{_CURL_WAIT.replace('API_URL', api)}"),
        Sample("Python", "Python", _PYTHON.replace("API_URL", api) % literal(body)),
        Sample("JavaScript", "JavaScript", _JAVASCRIPT.replace("API_URL", api) % _json_in_js(body)),
    ]


_CURL_WAIT = """\
# Then ask with the answer's id, until its status is "completed":
#   curl -H "Authorization: Bearer $PVIDEO_API_KEY" API_URL/generations/ID"""
_PYTHON = """\
import os
import time

import requests

api = requests.Session()
api.headers["Authorization"] = f"Bearer {os.environ['PVIDEO_API_KEY']}"
url = "API_URL/generations"

answer = api.post(url, json=%s)
answer.raise_for_status()
video = answer.json()
while video["status"] in ("queued", "processing"):
    time.sleep(2)
    video = api.get(f"{url}/{video['id']}").json()
print(video["output"]["media_url"] if video["output"] else video["error"])"""
_JAVASCRIPT = """\
// Node.js 18 or later; save it as video.mjs
const url = "API_URL/generations";
const headers = {
  Authorization: `Bearer ${process.env.PVIDEO_API_KEY}`,
  "Content-Type": "application/json",
};
const body = %s;

let answer = await fetch(url, { method: "POST", headers, body });
if (!answer.ok) throw new Error((await answer.json()).detail);
let video = await answer.json();
while (["queued", "processing"].includes(video.status)) {
  await new Promise((resolve) => setTimeout(resolve, 2000));
  video = await (await fetch(`${url}/${video.id}`, { headers })).json();
}
console.log(video.output?.media_url ?? video.error);"""


def literal(value: Any) -> str:
    """A value as Python writes it, a member a line."""
    if isinstance(value, dict) and value:
        lines = [f"{json.dumps(name)}: {literal(below)}," for name, below in value.items()]
        return "{\n    " + _indented("\n".join(lines), 4) + "\n}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _indented(text: str, spaces: int) -> str:
    """All lines but the first. Only real ends of lines: `textwrap` takes U+2028 for one, too."""
    return text.replace("\n", "\n" + " " * spaces)


def _json_in_js(value: Any) -> str:
    """The body as an expression; with a number too large for JavaScript it is the text itself."""
    if _is_exact(value):
        return f"JSON.stringify({json.dumps(value, indent=2, ensure_ascii=False)})"
    return json.dumps(json.dumps(value, ensure_ascii=False), ensure_ascii=False)


def _is_exact(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_exact, value.values()))
    if isinstance(value, list):
        return all(map(_is_exact, value))
    return not isinstance(value, int) or abs(value) <= _LARGEST_EXACT


def _curl(method: str, url: str, kind: str, body: Any) -> str:
    lines = [f"curl {url}" if method in ("GET", "POST") and kind else f"curl -X {method} {url}"]
    if method == "GET":
        lines = [f"curl {url}"]
        if url.endswith("/content"):
            lines = [f"curl -L -o video.mp4 {url}"]
    lines.append('-H "Authorization: Bearer $PVIDEO_API_KEY"')
    if kind == "json":
        lines.append('-H "Content-Type: application/json"')
        text = json.dumps(body or {}, indent=2, ensure_ascii=False).replace("'", "'\\''")
        lines.append(f"-d '{text}'")
    elif kind == "multipart":
        lines.append("-F file=@picture.jpg")
    return " \\\n  ".join(lines)


def _python(method: str, url: str, kind: str, body: Any) -> str:
    arguments = [
        f'"{url}"',
        'headers={"Authorization": f"Bearer {os.environ[\'PVIDEO_API_KEY\']}"}',
    ]
    if kind == "json":
        arguments.append(f"json={_indented(literal(body or {}), 4)}")
    elif kind == "multipart":
        arguments.append('files={"file": open("picture.jpg", "rb")}')
    call = ",\n    ".join(arguments)
    return (
        f"import os\n\nimport requests\n\nresponse = requests.{method.lower()}(\n    {call},\n)\n"
        f"response.raise_for_status()\n{_python_end(method, url)}"
    )


def _python_end(method: str, url: str) -> str:
    if method == "DELETE":
        return "print(response.status_code)"
    if url.endswith("/content"):
        return 'open("video.mp4", "wb").write(response.content)'
    return "print(response.json())"


def _javascript(method: str, url: str, kind: str, body: Any) -> str:
    headers = ["Authorization: `Bearer ${process.env.PVIDEO_API_KEY}`"]
    options = [f'method: "{method}"'] if method != "GET" else []
    before = ""
    if kind == "json":
        headers.append('"Content-Type": "application/json"')
        text = json.dumps(body or {}, indent=2, ensure_ascii=False)
        options.append(f"body: JSON.stringify({_indented(text, 2)})")
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
