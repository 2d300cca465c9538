"""The API's description: valid, complete, and true of the running service."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import validate
from pydantic import SecretStr
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shortener.app import Configuration, Parts, api
from shortener.service import SERVICE
from shortener.settings import ShortenerSettings
from toprope_kit.cache import CacheSettings
from toprope_kit.database import DatabaseSettings
from toprope_kit.worker import Worker
from workloads.shortener.tests.conftest import KEY, a_world
from workloads.shortener.tests.pods import pod
from workloads.shortener.tests.servers import CacheServer, Postgres

PROBLEM = "application/problem+json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The description, without any server."""
    database, cache = DatabaseSettings(database_host="none"), CacheSettings(cache_uri=SecretStr("redis://none/0"))
    configuration = Configuration(ShortenerSettings(), database, cache)
    return api(Parts(Worker.local(SERVICE), configuration)).openapi()


def operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield f"{method} {path}", operation


def test_it_is_valid(described: dict[str, Any]) -> None:
    validate(described)


def test_every_operation_says_what_it_is(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        missing = {"operationId", "summary", "description", "tags"} - operation.keys()
        assert not missing, name
        assert all(parameter.get("description") for parameter in operation.get("parameters", ())), name


def test_every_error_is_a_problem_with_an_example(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == [PROBLEM], f"{name} {status}"
                assert answer["content"][PROBLEM]["example"]["status"] == int(status)


def test_every_model_has_an_example_or_is_part_of_one(described: dict[str, Any]) -> None:
    for name in ("NewLink", "LinkChange", "Link", "Statistics"):
        assert described["components"]["schemas"][name]["examples"], name
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_every_field_says_what_it_is(described: dict[str, Any]) -> None:
    for name, model in described["components"]["schemas"].items():
        silent = [field for field, schema in model.get("properties", {}).items() if not schema.get("description")]
        assert not silent, name


def test_it_says_that_no_link_with_a_password_is_found(described: dict[str, Any]) -> None:
    asked = described["components"]["schemas"]["NewLink"]["properties"]["findIfExists"]
    assert "A link with a password is never found" in " ".join(asked["description"].split())


@pytest.fixture(scope="module")
def schema(
    postgres_server: Postgres, cache_server: CacheServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """The description as a running pod gives it."""
    folder = tmp_path_factory.mktemp("openapi") / "credentials"
    with (
        a_world(postgres_server, cache_server, folder) as world,
        pod(world, SHORTENER_KEY_REQUESTS_PER_MINUTE="0") as one,
    ):
        # A parameter that nobody asked for is no mistake in HTTP: links get `utm_source` and the like appended.
        chosen = schemathesis.Config.from_dict({"generation": {"allow-extra-parameters": False}})
        yield schemathesis.openapi.from_url(one.url + "/api/v1/openapi.json", config=chosen)


@pytest.mark.integration
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_running_service_keeps_to_it(schema: Any, mode: GenerationMode) -> None:
    asked = 0
    for found in schema.get_all_operations():

        @settings(
            max_examples=12, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=found.ok().as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case[Any]) -> None:
            nonlocal asked
            asked += 1
            headers = {"Authorization": f"Bearer {KEY}"}
            case.call_and_validate(headers=headers, checks=CHECKS, allow_redirects=False)

        with suppress(Unsatisfiable):  # some operations have nothing that could be wrong
            ask()
    assert asked > 50
