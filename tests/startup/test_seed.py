"""The demo's data: made once, found again, mended where something is missing."""

import stat
from pathlib import Path

import pytest
from django.test import Client

from accounts import api_keys
from accounts.models import ApiKey, Membership, Organization, Role, User
from billing.models import Entry, Wallet
from pvideo_platform.demo import credentials, heartbeat, seed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_balance")]


def test_it_makes_what_the_demo_shows(tmp_path: Path, client: Client) -> None:
    made = seed.seed(tmp_path)
    customer = User.objects.get(email=credentials.CUSTOMER_EMAIL)
    staff = User.objects.get(email=credentials.STAFF_EMAIL)
    membership = Membership.objects.get(user=customer)
    assert membership.role == Role.OWNER
    assert membership.organization.name == "Demo Studio"
    assert (staff.is_staff, staff.is_superuser) == (True, True)
    assert (customer.is_staff, customer.is_superuser) == (False, False)
    assert Wallet.objects.get(pk=membership.organization_id).balance_micros == 50_000_000
    caller = api_keys.recognise(made.api_key)
    assert caller is not None
    assert caller.organization_id == membership.organization_id
    assert client.login(username=customer.email, password=made.customer_password)
    assert client.login(username=staff.email, password=made.staff_password)
    saved = tmp_path / "credentials.json"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert credentials.load_or_make(tmp_path) == made


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    def counts() -> list[int]:
        return [model.objects.count() for model in (User, Organization, ApiKey, Entry)]

    first, before = seed.seed(tmp_path), counts()
    assert seed.seed(tmp_path) == first
    assert counts() == before


def test_a_lost_file_gives_new_secrets_and_ends_the_old_key(tmp_path: Path) -> None:
    first = seed.seed(tmp_path)
    (tmp_path / "credentials.json").unlink()
    second = seed.seed(tmp_path)
    assert second.customer_password != first.customer_password
    assert api_keys.recognise(first.api_key) is None
    assert api_keys.recognise(second.api_key) is not None
    assert Wallet.objects.get().balance_micros == 50_000_000  # the credits were given before


def test_a_new_database_gets_the_kept_passwords(tmp_path: Path) -> None:
    kept = credentials.load_or_make(tmp_path).with_api_key("pv_" + "x" * 43)
    credentials.save(tmp_path, kept)
    made = seed.seed(tmp_path)
    assert made.customer_password == kept.customer_password
    assert made.api_key != kept.api_key
    assert api_keys.recognise(made.api_key) is not None


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    one, other = (credentials.load_or_make(tmp_path / name) for name in _folders(tmp_path))
    assert not {one.customer_password, one.staff_password} & {
        other.customer_password,
        other.staff_password,
    }


def test_a_heartbeat_of_a_start_that_is_over_is_lost(tmp_path: Path) -> None:
    sign = heartbeat.file(tmp_path, "token")
    heartbeat.beat(str(sign))
    assert not sign.exists()
    sign.parent.mkdir()
    heartbeat.beat(str(sign))
    assert sign.exists()


def _folders(tmp_path: Path) -> tuple[str, str]:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    return "one", "other"
