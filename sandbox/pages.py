"""`GET /`: a page for people, which says what this is."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import Response

from sandbox import state as sandbox_state
from sandbox.media.samples import SAMPLES
from sandbox.pixazo import faults
from sandbox.records import Submission
from sandbox.state import SandboxState
from sandbox.stripe import overview

_RECENT = 25
_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:2rem 1rem}
.banner{background:#ffc43c;color:#281a00;padding:.8rem 1rem;border-radius:.6rem;font-weight:600}
table{border-collapse:collapse;width:100%;display:block;overflow-x:auto}
td code{white-space:nowrap}
td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
code{font-size:.9em;overflow-wrap:anywhere}
"""
_BANNER = (
    "This is a sandbox standing in for Pixazo and Stripe. No real provider is asked, nothing is "
    "charged."
)


async def front(request: Request) -> Response:
    """Show what the sandbox is, its samples, its fault words and what was submitted lately."""
    state = sandbox_state.of(request)
    samples = "".join(
        f'<li><a href="/samples/{name}">{name}</a> ({kind})</li>'
        for name, (kind, _) in SAMPLES.items()
    )
    words = "".join(
        f"<tr><td><code>{escape(word)}</code><td>{escape(text)}" for word, text in faults.TABLE
    )
    rows = "".join(_row(state, one) for one in reversed(state.records.submissions[-_RECENT:]))
    rows = rows or "<tr><td colspan=5>None yet."
    body = f"""
<h1>Sandbox</h1>
<p>Its address is <code>{escape(state.base_url)}</code>; any subscription key but
<code>invalid</code>, <code>forbidden</code> and <code>broke</code> opens it.</p>
<p>Pixazo below, <a href="#stripe">Stripe after it</a>.</p>
<h2>Sample inputs</h2><ul>{samples}</ul>
<h2>Recent submissions</h2>
<table><tr><th>Received<th>Model<th>Answer<th>Status<th>Prompt{rows}</table>
<h2>Faults on request</h2>
<p>Put one or more of these words into a prompt (avatar: voice_script, video_prompt or
voice_prompt).</p>
<table>{words}</table>
{overview.section(state)}
<h2>For tests</h2>
<p><a href="/_sandbox/settings">settings</a>, <a href="/_sandbox/submissions">submissions</a>,
<a href="/_sandbox/callbacks">callbacks</a></p>
"""
    return page("Sandbox", body)


def page(title: str, body: str, *, status: int = 200) -> Response:
    """Return an HTML page with `body` (trusted HTML) under the banner that every page carries."""
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f'<p class="banner">{_BANNER}</p>{body}</html>'
    )
    # A prompt may hold a lone surrogate, which UTF-8 cannot carry.
    return Response(html.encode("utf-8", "replace"), status_code=status, media_type="text/html")


def _row(state: SandboxState, one: Submission) -> str:
    job = state.jobs.get(one.request_id or "")
    status = job.status.value if job is not None else ""
    if job is not None and job.has_output:
        status = f'<a href="{escape(job.media_url)}">{status}</a>'
    answer = one.answered_status or "none"
    prompt = escape(one.prompt[:200])
    return (
        f"<tr><td>{one.received_at}<td>{escape(one.model[:40])}<td>{answer}<td>{status}<td>{prompt}"
    )
