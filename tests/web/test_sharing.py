"""Sharing by link: who may make one, what a stranger sees, and that revoking ends it."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Act, MemberAct, Organization, User
from generations import deletion, sharing
from generations.models import Generation, Media, ShareLink, State
from tests.conftest import caller_for
from tests.web.conftest import Make
from tests.web.films import film, video_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _credits(acme: Organization, give_credits: Callable[..., None], books_balance: None) -> None:
    give_credits(acme)


@pytest.fixture
def video(make: Make) -> Generation:
    row = make("A secret fox")
    film(row)
    return row


@pytest.fixture
def stranger() -> Client:
    return Client()


def share(client: Client, row: Generation, **posted: str) -> str:
    """The path of the link that the page shows."""
    assert client.post(f"/gallery/{row.pk}/share", posted).status_code == 302
    page = client.get(f"/gallery/{row.pk}/").content.decode()
    found = re.search(r'value="https?://[^/"]+(/share/[^"]+/)"', page)
    assert found
    return found[1]


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_stranger_watches_by_the_link(
    as_bob: Client, stranger: Client, video: Generation
) -> None:
    path = share(as_bob, video)
    with CaptureQueriesContext(connection) as captured:
        answer = stranger.get(path)
    assert len(captured) == 1
    page = answer.content.decode()

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in page
    assert re.search(rf'property="og:image" content="https?://[^/]+{path}poster.jpg"', page)
    assert re.search(rf'property="og:video" content="https?://[^/]+{path}video.mp4"', page)
    for secret in ("fox", "Acme", "Bob", "alice", str(video.pk), str(video.organization_id)):
        assert secret not in page

    assert body(stranger.get(f"{path}video.mp4")) == video_bytes()
    part = stranger.get(f"{path}video.mp4", headers={"Range": "bytes=0-9"})
    assert (part.status_code, body(part)) == (206, video_bytes()[:10])
    assert stranger.get(f"{path}poster.jpg")["Content-Type"] == "image/jpeg"
    for name in ("preview.mp4", "video", "../x", "video.mp4/"):
        assert stranger.get(f"{path}{name}").status_code == 404


def test_the_prompt_is_shown_when_asked_for(
    as_bob: Client, stranger: Client, video: Generation
) -> None:
    path = share(as_bob, video)
    assert share(as_bob, video, prompt="on") == path  # the same link
    assert stranger.get(path).content.decode().count("A secret fox") == 3
    assert share(as_bob, video) == path
    assert "fox" not in stranger.get(path).content.decode()


def test_revoking_ends_all_of_it_and_a_new_link_is_another(
    as_bob: Client, stranger: Client, video: Generation
) -> None:
    path = share(as_bob, video)
    as_bob.post(f"/gallery/{video.pk}/unshare")
    revoked = stranger.get(path)
    assert stranger.get(f"{path}video.mp4").status_code == 404

    new = share(as_bob, video)
    assert new != path
    assert stranger.get(new).status_code == 200
    assert stranger.get(path).status_code == 404

    deletion.hide(caller_for(User.objects.get(email="bob@example.com")), [video.pk])
    unknown = stranger.get("/share/nonsense/")
    for gone in (revoked, stranger.get(new), unknown, stranger.get(f"{new}video.mp4")):
        assert gone.status_code == 404
        assert gone.content == unknown.content
        assert gone["Cache-Control"] == "private, no-store"
    acts = list(
        MemberAct.objects.exclude(act=Act.ORGANIZATION_FOUNDED)
        .order_by("pk")
        .values_list("act", flat=True)
    )
    assert acts == [Act.SHARE_LINK_CREATED, Act.SHARE_LINK_REVOKED, Act.SHARE_LINK_CREATED,
                    Act.GENERATION_DELETED]  # fmt: skip


def test_what_is_kept_does_not_tell_the_token(
    as_bob: Client, stranger: Client, video: Generation, settings: Any
) -> None:
    path = share(as_bob, video)
    token = path.split("/")[2]
    link = ShareLink.objects.get()
    assert bytes(link.token_hash) == hashlib.sha256(token.encode()).digest()
    assert token.encode() not in bytes(link.token_sealed)

    settings.SECRET_KEY = "another key, as long as keys of this kind should be, or longer"
    assert sharing.url(link) == ""
    assert stranger.get(path).status_code == 200  # visitors go on
    row = as_bob.get(f"/gallery/{video.pk}/")
    if row.status_code == 200:  # the session may have gone with the key
        assert "cannot be shown again" in row.content.decode()


def test_viewers_see_the_link_and_may_not_make_or_end_it(
    as_viewer: Client, as_bob: Client, video: Generation
) -> None:
    assert as_viewer.post(f"/gallery/{video.pk}/share").status_code == 403
    assert "share-panel" not in as_viewer.get(f"/gallery/{video.pk}/").content.decode()
    path = share(as_bob, video)
    assert as_viewer.post(f"/gallery/{video.pk}/unshare").status_code == 403
    page = as_viewer.get(f"/gallery/{video.pk}/").content.decode()
    assert path in page
    assert "Revoke" not in page


def test_a_stranger_shares_nothing(as_charlie: Client, video: Generation) -> None:
    for act in ("share", "unshare"):
        assert as_charlie.post(f"/gallery/{video.pk}/{act}").status_code == 404
        assert as_charlie.get(f"/gallery/{video.pk}/{act}").status_code == 405
    assert not ShareLink.objects.exists()


def test_without_a_video_there_is_nothing_to_share(as_bob: Client, make: Make) -> None:
    row = make(state=State.PROCESSING)
    answer = as_bob.post(f"/gallery/{row.pk}/share", follow=True)
    assert "can be shared once it is completed" in answer.content.decode()
    assert not ShareLink.objects.exists()
    assert "share-panel" not in answer.content.decode()


def test_a_video_that_is_no_longer_kept_is_no_longer_shown(
    as_bob: Client, stranger: Client, video: Generation
) -> None:
    path = share(as_bob, video)
    Media.objects.filter(pk=video.pk).delete()
    assert stranger.get(path).status_code == 404


def test_htmx_gets_the_panel(as_bob: Client, video: Generation) -> None:
    answer = as_bob.post(f"/gallery/{video.pk}/share", headers={"HX-Request": "true"})
    assert answer.content.decode().startswith('<div id="share"')
    assert "/share/" in answer.content.decode()
    assert "toast" in answer["HX-Trigger"]
    answer = as_bob.post(f"/gallery/{video.pk}/unshare", headers={"HX-Request": "true"})
    assert "Create a link" in answer.content.decode()


def test_a_video_has_one_link_that_works(bob: User, acme: Organization, video: Generation) -> None:
    caller = caller_for(bob)
    link = sharing.share(caller, video.pk, shows_prompt=False)
    second = {"organization": acme, "generation": video, "shows_prompt": False}
    with pytest.raises(IntegrityError), transaction.atomic():
        ShareLink.objects.create(**second, token_hash=b"1", token_sealed=b"1")
    ShareLink.objects.create(
        **second, token_hash=b"2", token_sealed=b"2", revoked_at=timezone.now() - timedelta(1)
    )
    assert sharing.active(video) == link
    assert sharing.revoke(caller, video.pk)
    assert not sharing.revoke(caller, video.pk)
