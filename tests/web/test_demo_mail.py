"""Sent mail of a development or demo start: kept, shown, and never in production."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.test import Client

from pvideo_platform import people_settings, sent_mail

pytestmark = pytest.mark.django_db
LOCAL = "http://127.0.0.1:8000"


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "mail"
    settings.SENT_MAIL_DIR = folder
    settings.MAILERS = people_settings.mailers(folder)
    return folder


def send(to: str = "eve@example.com", subject: str = "Größe <b>") -> None:
    message = EmailMultiAlternatives(subject, "As text: https://pvideo.example/x\n", to=[to])
    message.attach_alternative(
        '<html><head></head><p style="color: red">As HTML</p></html>', "text/html"
    )
    message.send()


def test_a_message_is_listed_and_shown(client: Client, kept: Path) -> None:
    send()
    send(to="other@example.com", subject="Another")
    inbox = client.get("/demo/mail/")
    assert "no-store" in inbox.headers["Cache-Control"]
    text = inbox.content.decode()
    assert "Größe &lt;b&gt;" in text
    assert text.index("Another") < text.index("Größe"), "the newest comes first"
    assert "Another" not in client.get("/demo/mail/?to=eve@example.com").content.decode()

    link = re.search(
        r"/demo/mail/[0-9a-f]{32}/", client.get("/demo/mail/?to=eve@").content.decode()
    )
    assert link
    page = client.get(link[0]).content.decode()
    assert "As text:" in page
    assert 'sandbox="allow-popups' in page
    assert "As HTML" not in page, "only inside of the frame"
    frame = client.get(f"{link[0]}html")
    assert "As HTML" in frame.content.decode()
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy


def test_a_message_with_a_text_only(client: Client, kept: Path) -> None:
    EmailMessage("Plain", "Only words", to=["eve@example.com"]).send()
    mail = next(sent_mail.newest_first(kept))
    assert (mail.html, mail.text.strip()) == ("", "Only words")
    assert "<iframe" not in client.get(f"/demo/mail/{mail.name}/").content.decode()


def test_an_empty_inbox_says_so(client: Client, kept: Path) -> None:
    assert "No mail yet" in client.get("/demo/mail/").content.decode()


def test_only_the_newest_are_kept(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent_mail, "KEPT", 3)
    for number in range(5):
        send(subject=f"Number {number}")
    assert [m.subject for m in sent_mail.newest_first(kept)] == ["Number 4", "Number 3", "Number 2"]


@pytest.mark.parametrize(
    "name", ["0" * 32, "x", "..", "%2e%2e", "0" * 31 + "g"], ids=["none", "x", "up", "up2", "g"]
)
def test_what_is_no_message_is_not_found(client: Client, kept: Path, name: str) -> None:
    (kept.parent / "secret.eml").write_text("Subject: x")
    assert client.get(f"/demo/mail/{name}/").status_code == 404
    assert client.get(f"/demo/mail/{name}/html").status_code == 404


@pytest.mark.parametrize("off", ["production", "sent elsewhere"])
def test_there_is_no_such_page_otherwise(
    client: Client, kept: Path, settings: Any, off: str
) -> None:
    send()
    name = next(sent_mail.newest_first(kept)).name
    if off == "production":
        settings.PRODUCTION = True  # even with a folder set by mistake
    else:
        settings.SENT_MAIL_DIR = None
    for path in ("", f"{name}/", f"{name}/html"):
        assert client.get(f"/demo/mail/{path}").status_code == 404
    done = client.get("/accounts/password/reset/done/").content.decode()
    assert "/demo/mail/" not in done


def test_where_mail_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kept_in(url: str) -> Path | None:
        return people_settings.sent_mail_dir(data_dir=tmp_path, public_base_url=url)

    monkeypatch.delenv("EMAIL_URL", raising=False)
    assert kept_in(LOCAL) == tmp_path / "mail"
    assert kept_in("https://video.example.com") is None, "the world would read the codes"
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://me:pw@mail.example.com:587")
    assert kept_in(LOCAL) is None
    mailer = people_settings.mailers(None)["default"]
    assert mailer["BACKEND"].endswith("smtp.EmailBackend")
    assert (mailer["OPTIONS"]["host"], mailer["OPTIONS"]["use_tls"]) == ("mail.example.com", True)
