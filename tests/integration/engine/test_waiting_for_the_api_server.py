"""The operator waits for an API server that is not there, and can be ended while it waits."""

from pathlib import Path

import pytest

from tests.support.operator_process import OperatorProcess, until

pytestmark = pytest.mark.integration
NOBODY = """
apiVersion: v1
kind: Config
current-context: nobody
contexts: [{name: nobody, context: {cluster: nobody, user: nobody}}]
clusters: [{name: nobody, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: nobody, user: {token: none}}]
"""


def test_an_operator_that_waits_ends_in_good_order(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(NOBODY)
    operator = OperatorProcess(kubeconfig, tmp_path / "log")
    until(lambda: any("waiting for the API server" in line for line in operator.lines()))
    assert operator.answers("/healthz")
    assert operator.stop() == 0
