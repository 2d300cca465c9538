"""The operator's settings, as a Deployment gives them."""

import pytest
from pydantic import ValidationError

from toprope.edge.settings import Settings


@pytest.mark.parametrize("name", ["namespaces", "gateway_namespaces"])
def test_namespaces_are_separated_by_commas(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TOPROPE_{name.upper()}", "shop, infra,")
    assert getattr(Settings(), name) == ("shop", "infra")


def test_what_renderings_need_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPROPE_GATEWAY_NAMESPACES", "infra")
    monkeypatch.setenv("TOPROPE_RUNBOOKS", "https://example.org/runbooks/")
    made = Settings().installation
    assert (made.gateway_namespaces, made.runbooks) == (("infra",), "https://example.org/runbooks")


@pytest.mark.parametrize("url", ["", "http://traefik-metrics.infra.svc:9100/metrics"])
def test_a_gateway_may_be_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPROPE_GATEWAY_METRICS", url)
    assert Settings().gateway_metrics == url


def test_what_is_no_address_of_a_gateway_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPROPE_GATEWAY_METRICS", "traefik:9100")
    with pytest.raises(ValidationError):
        Settings()
