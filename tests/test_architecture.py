"""The house's rules that a machine can check (docs/architecture.md)."""

import ast
from pathlib import Path

import pytest

from accounts.errors import DomainError
from pvideo_platform import problem_views, problems

PROJECT = Path(__file__).resolve().parent.parent
LAYERS = [
    *("queueing", "outbound", "backoffice", "accounts", "webhooks", "billing", "generations"),
    *("audit", "staff", "pvideo_platform"),
]
DOORS = {"api", "serializers", "views", "middleware", "adapter", "authentication", "admin", "forms"}
"""Modules that may touch an HTTP request."""


def modules(package: str) -> list[Path]:
    return [
        path for path in sorted((PROJECT / package).rglob("*.py")) if "migrations" not in path.parts
    ]


def imports(path: Path) -> set[str]:
    """Every module that a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("package", LAYERS)
def test_imports_point_one_way(package: str) -> None:
    above = set(LAYERS[LAYERS.index(package) + 1 :]) | {"sandbox", "tests", "bench"}
    for path in modules(package):
        wrong = {name for name in imports(path) if name.partition(".")[0] in above}
        assert not wrong, f"{path.relative_to(PROJECT)} imports {wrong}"


def test_the_sandbox_is_spoken_to_over_http_only() -> None:
    ours = {*LAYERS, "django"}
    for path in modules("sandbox"):
        wrong = {name for name in imports(path) if name.partition(".")[0] in ours}
        assert not wrong, f"{path.relative_to(PROJECT)} imports {wrong}"


def test_only_the_provider_module_speaks_http_to_pixazo() -> None:
    users = {
        path.relative_to(PROJECT).as_posix()
        for package in LAYERS[:-1]
        for path in modules(package)
        if any(name.partition(".")[0] == "httpx2" for name in imports(path))
    }
    assert users == {"generations/provider.py"}


@pytest.mark.parametrize("package", LAYERS[:-1])
def test_only_doors_touch_a_request(package: str) -> None:
    for path in modules(package):
        is_door = path.stem in DOORS or path.stem.endswith(
            ("_api", "_admin", "_views", "context_processors")
        )
        if is_door or path.stem == "ranged" or "templatetags" in path.parts:
            continue
        wrong = {
            name for name in imports(path) if name.startswith(("django.http", "rest_framework"))
        }
        assert not wrong, f"{path.relative_to(PROJECT)} imports {wrong}"


@pytest.mark.parametrize("package", [*LAYERS, "sandbox"])
def test_modules_are_named_for_what_they_do_and_stay_small(package: str) -> None:
    for path in modules(package):
        assert path.stem not in {"utils", "helpers", "services", "common", "misc"}, path
        lines = len(path.read_text().splitlines())
        assert lines <= 350, f"{path.relative_to(PROJECT)} has {lines} lines"


def test_every_domain_error_has_its_answer() -> None:
    def below(kind: type[DomainError]) -> set[type[DomainError]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    codes = {kind.code for kind in below(DomainError)} - {DomainError.code}
    assert codes <= set(problems.STATUS)
    assert set(problem_views.EXPLANATIONS) == set(problems.STATUS)
