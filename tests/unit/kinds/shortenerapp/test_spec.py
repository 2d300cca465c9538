"""What a spec may say: whatever the models take goes through a whole pass."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.shorteners import Paper, a_shortener
from tests.support.specs import valid
from toprope.kinds.shortenerapp.render import jobs
from toprope.kinds.shortenerapp.workload import SHORTENER


@pytest.mark.parametrize("seed", range(60))
def test_a_valid_spec_can_be_decided_on(seed: int) -> None:
    assert Paper(a_shortener(valid(seed))).pass_once().actions


def traced(port: int) -> dict[str, Any]:
    return {"settings": {"otlpEndpoint": f"http://collector:{port}"}}


@pytest.mark.parametrize("port", [1, 9, 10, 9999, 10000, 59999, 60000, 64999, 65000, 65499, 65500, 65529, 65530, 65535])
def test_traces_may_go_to_any_port(port: int) -> None:
    assert f"'port': {port}," in str(Paper(a_shortener(traced(port))).pass_once().actions)


@pytest.mark.parametrize("port", [0, 65536, 65540, 65600, 66000, 70000, 99999, 100000])
def test_traces_go_to_no_port_that_is_none(port: int) -> None:
    with pytest.raises(ValidationError, match="otlpEndpoint"):
        a_shortener(traced(port))


@pytest.mark.parametrize("key", ["a..b/c", "a.-b/c", "a-.b/c", "-a/b", "a/", "a/b/c", "A.b/c", "a/" + 64 * "b"])
@pytest.mark.parametrize("where", ["tolerations", "topologySpread"])
def test_a_label_that_no_node_can_bear_is_refused(key: str, where: str) -> None:
    with pytest.raises(ValidationError, match=where):
        a_shortener({"scheduling": {where: [{"key": key, "topologyKey": key}]}})


def test_jobs_run_where_the_web_pods_of_their_release_may() -> None:
    placed = {"nodeSelector": {"pool": "links"}, "tolerations": [{"key": "spot", "operator": "Exists"}],
              "priorityClassName": "high"}  # fmt: skip
    resource = a_shortener({"scheduling": {**placed, "topologySpread": [{"topologyKey": "zone"}]}})
    pods = [
        one["spec"]["template"]["spec"]
        for one in (
            SHORTENER.rendered(resource, "r", "an/image")[0],
            jobs.migration(resource, "r", "an/image"),
            jobs.rotation(resource, "monday", "an/image", own_cache=True),
        )
    ]
    assert [{key: pod.get(key) for key in placed} for pod in pods] == 3 * [placed]
    assert ["topologySpreadConstraints" in pod for pod in pods] == [True, False, False]
