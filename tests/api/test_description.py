"""The API's description: valid, complete, and served as documents and as a page."""

import json
import re
import shlex
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.utils.html import escape
from openapi_spec_validator import OpenAPIV31SpecValidator

from accounts.models import Scope
from generations import parameters
from pvideo_platform import openapi, openapi_examples, problems, urls
from tests.api import contract
from webhooks.catalogue import CATALOGUE

DOCUMENT = openapi.document()
OPERATIONS = [
    pytest.param(path, method, operation, id=operation["operationId"])
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]


def test_it_is_valid_openapi_31() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert not [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()]


def test_the_framework_could_read_every_view(capsys: Any) -> None:
    """What it cannot read it guesses, and says so."""
    openapi.document.__wrapped__()
    assert "Warning" not in (said := capsys.readouterr().err), said
    assert "Error" not in said, said


def test_two_first_visitors_do_not_make_it_at_once() -> None:
    """The framework loads its extensions with the first one, and fails when two threads do."""
    with ThreadPoolExecutor(1) as pool:
        with openapi._making:
            second = pool.submit(openapi.document.__wrapped__)
            with pytest.raises(TimeoutError):
                second.result(0.5)
        assert second.result(30) == DOCUMENT


def _addresses(patterns: list[URLPattern | URLResolver], prefix: str = "") -> set[str]:
    found = set()
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found |= _addresses(pattern.url_patterns, address)
        else:
            found.add(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address))
    return found


def test_every_address_is_described() -> None:
    assert {f"/api/v1/{address}" for address in _addresses(urls.api_patterns)} == set(
        DOCUMENT["paths"]
    )


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_operation_is_complete(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["tags"]
    assert not operation["description"].startswith(("Needs the scope", "Any key may")), "no text"
    scope = operation["security"][0]["bearerAuth"]
    assert scope == [operation["x-scope"]] if operation["x-scope"] else scope == []
    assert set(scope) <= set(Scope.values)
    assert {sample["lang"] for sample in operation["x-codeSamples"]} == {
        "Shell", "Python", "JavaScript",
    }  # fmt: skip
    answers = operation["responses"]
    assert {"401", "403", "406", "429", "500"} <= set(answers)
    assert [status for status in answers if status < "400"]
    for status, answer in answers.items():
        assert answer["description"], status
        assert "X-Request-ID" in answer["headers"], status
    if "{" in path:
        assert "404" in answers
    if "requestBody" in operation:
        assert {"400", "411", "413", "415"} <= set(answers)
    if method == "post" and operation["operationId"] != "create_quote":
        references = [one.get("$ref", "") for one in operation["parameters"]]
        assert "#/components/parameters/IdempotencyKey" in references
    for parameter in operation.get("parameters", ()):
        parameter = openapi_examples.resolved(parameter, DOCUMENT)
        assert parameter["description"], parameter["name"]


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_examples_are_what_the_schema_says(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    for status, answer in operation["responses"].items():
        for kind, media in answer.get("content", {}).items():
            place = ("paths", path, method, "responses", status, "content", kind, "schema")
            examples = [media["example"]] if "example" in media else []
            examples += [one["value"] for one in media.get("examples", {}).values()]
            for example in examples:
                contract._validator(*place).validate(example)
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        if "example" in media:
            body = ("paths", path, method, "requestBody", "content", kind, "schema")
            contract._validator(*body).validate(media["example"])
            if "model" in media["example"]:
                parameters.validate(media["example"]["model"], media["example"]["input"])


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_samples_are_programs(path: str, method: str, operation: dict[str, Any]) -> None:
    by_language = {sample["lang"]: sample["source"] for sample in operation["x-codeSamples"]}
    compile(by_language["Python"], operation["operationId"], "exec")
    words = shlex.split(by_language["Shell"].replace("\\\n", " "))
    assert words[0] == "curl"
    assert "Authorization: Bearer $PVIDEO_API_KEY" in words
    assert (
        (f"-X{method.upper()}" in "".join(words))
        or method == "get"
        or "-d" in words
        or ("-F" in words)
    )


def test_every_object_says_what_each_member_is() -> None:
    """A member has a description, or its schema, where it is another one's."""
    bodies = {
        name: hook["post"]["requestBody"]["content"]["application/json"]["schema"]
        for name, hook in DOCUMENT["webhooks"].items()
    }
    for name, schema in (DOCUMENT["components"]["schemas"] | bodies).items():
        assert schema.get("description") or "oneOf" in schema, name
        for member, below in schema.get("properties", {}).items():
            assert {"type", "$ref", "oneOf", "enum", "const"} & set(below), (name, member)
            told = openapi_examples.resolved(below, DOCUMENT)
            assert below.get("description") or told.get("description"), (name, member)


def test_every_event_is_described() -> None:
    assert set(DOCUMENT["webhooks"]) == {entry.type for entry in CATALOGUE}
    for name, hook in DOCUMENT["webhooks"].items():
        media = hook["post"]["requestBody"]["content"]["application/json"]
        place = ("webhooks", name, "post", "requestBody", "content", "application/json", "schema")
        contract._validator(*place).validate(media["example"])


def test_the_parameters_are_those_of_the_one_table() -> None:
    for model, name in (("p-video", "PVideoInput"), ("p-video-avatar", "PVideoAvatarInput")):
        schema = DOCUMENT["components"]["schemas"][name]
        table = {one.name: one for one in parameters.PARAMETERS[model]}
        assert set(schema["properties"]) == set(table)
        for parameter in table.values():
            described = schema["properties"][parameter.name]
            assert described["description"].startswith(parameter.help)
            assert described.get("default") == parameter.default
            if parameter.choices and parameter.kind == "choice":
                several = described.get("oneOf", [described])
                assert several[0]["enum"] == list(parameter.choices)
    request = DOCUMENT["components"]["schemas"]["GenerationRequest"]
    assert set(request["discriminator"]["mapping"]) == {"p-video", "p-video-avatar"}
    assert len(request["oneOf"]) == 2


@pytest.mark.parametrize(
    ("model", "raw"),
    [
        ("p-video", {"prompt": "a"}),
        ("p-video", {"prompt": "a", "seed": None, "duration": 10, "fps": 48}),
        ("p-video", {}),
        ("p-video", {"prompt": " "}),
        ("p-video", {"prompt": "a", "duration": 11}),
        ("p-video", {"prompt": "a", "duration": "5"}),
        ("p-video", {"prompt": "a", "fps": 25}),
        ("p-video", {"prompt": "a", "extra": 1}),
        ("p-video", {"prompt": "a", "draft": 1}),
        ("p-video-avatar", {"image": "https://example.com/a.png"}),
        ("p-video-avatar", {"image": "https://example.com/a.png", "voice_script": "hi"}),
        ("p-video-avatar", {"image": "https://example.com/a.png", "voice_script": " "}),
        ("p-video-avatar", {"image": "https://example.com/a.png", "audio": "https://e.com/a.mp3"}),
        ("p-video-avatar", {"image": None, "voice_script": "hi"}),
    ],
)
def test_schema_and_validator_agree(model: str, raw: dict[str, Any]) -> None:
    name = {"p-video": "PVideoInput", "p-video-avatar": "PVideoAvatarInput"}[model]
    by_schema = contract._validator("components", "schemas", name).is_valid(raw)
    try:
        parameters.validate(model, raw)
    except parameters.InvalidParameters:
        assert not by_schema
    else:
        assert by_schema


def test_it_is_served_as_json_and_yaml(client: Client) -> None:
    answer = client.get("/api/schema/")
    assert answer["Content-Type"] == "application/json"
    assert json.loads(answer.content) == json.loads(json.dumps(DOCUMENT))
    for address, headers in (
        ("/api/schema.yaml", {}),
        ("/api/schema/?format=yaml", {}),
        ("/api/schema/", {"Accept": "application/yaml"}),
    ):
        answer = client.get(address, headers=headers)
        assert answer["Content-Type"] == "application/yaml"
        assert yaml.load(answer.content, Loader=yaml.CSafeLoader)["info"] == DOCUMENT["info"]
    again = client.get(
        "/api/schema/", headers={"If-None-Match": client.get("/api/schema/")["ETag"]}
    )
    assert again.status_code == 304
    refused = client.post("/api/schema/")
    assert refused.status_code == 405
    contract.check_problem(refused.json(), 405)


def test_the_page_shows_every_operation(client: Client, db: None) -> None:
    page = client.get("/api/docs/").content.decode()
    for path, operations in DOCUMENT["paths"].items():
        assert path in page
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in page
            assert escape(operation["summary"]) in page
    assert "curl" in page
    assert "<script>" not in page
    assert "style=" not in page
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page, target


def test_every_code_has_its_page_and_is_listed(client: Client, db: None) -> None:
    page = client.get("/problems/").content.decode()
    for code in problems.STATUS:
        assert f"/problems/{code}" in page
        assert client.get(f"/problems/{code}").status_code == 200
