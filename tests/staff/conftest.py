"""The staff of the tests: Root may all, Sue supports, Fred is finance's; and the browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.template import Origin
from django.template.loaders.base import Loader
from django.test import Client

from accounts.models import User
from staff import roles
from tests.web.conftest import as_alice as as_alice
from tests.web.conftest import bought as bought
from tests.web.conftest import browser as browser
from tests.web.conftest import make as make
from tests.web.conftest import shop as shop
from tests.web.conftest import site as site
from tests.web.conftest import visit as visit


class BlankLoader(Loader):
    """Every template is there, and empty."""

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        yield Origin(name=template_name, template_name=template_name, loader=self)

    def get_contents(self, origin: Origin) -> str:
        return ""


@pytest.fixture
def blank_pages(settings: Any) -> None:
    """Views do all that they do, but what they show: for tests that only ask for status and
    context. Most of a page's time is its frame."""
    (engine,) = settings.TEMPLATES
    loaders = [f"{__name__}.{BlankLoader.__name__}"]
    options = {**engine["OPTIONS"], "loaders": loaders, "context_processors": []}
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": options}]


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@staff.example", "root-password", name="Root")


@pytest.fixture
def as_root(root: User) -> Client:
    return logged_in(root)


def _member_of(email: str, role: str) -> User:
    user = User.objects.create_user(email, "x", is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def sue(db: None) -> User:
    """Supports customers."""
    return _member_of("sue@staff.example", roles.SUPPORT)


@pytest.fixture
def fred(db: None) -> User:
    """Is finance's."""
    return _member_of("fred@staff.example", roles.FINANCE)


@pytest.fixture
def frida(db: None) -> User:
    """Is finance's too: the second person."""
    return _member_of("frida@staff.example", roles.FINANCE)


@pytest.fixture
def nobody(db: None) -> User:
    """Is of the staff, without a role."""
    return _member_of("nobody@staff.example", "")
