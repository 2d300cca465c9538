"""The floor with the CRDs of the kinds, of the Gateway API and, where its data is there, of CloudNativePG."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dev.floor import Floor
from toprope.io.api import Api
from toprope.io.credentials import Connection

ROOT = Path(__file__).parents[3]
NO_CLOUD_NATIVE_PG = "tests/integration/kinds/test_rendering.py: $TOPROPE_DATA/cloudnative-pg/crds is not there"
"""Why the one test is skipped that needs the CRDs of CloudNativePG."""


def cloud_native_pg() -> Path | None:
    """The folder of its CRDs, where somebody said so."""
    data = os.environ.get("TOPROPE_DATA")
    folder = Path(data, "cloudnative-pg", "crds") if data else None
    return folder if folder and folder.is_dir() else None


@pytest.fixture(scope="session")
def furnished(floor: Floor) -> Floor:
    """The floor, with all CRDs that a kind may touch."""
    floor.install(ROOT / "crds", *(folder for folder in [cloud_native_pg()] if folder))
    floor.install_gateway()
    floor.install_monitoring()
    floor.restart_controllers()
    return floor


@pytest.fixture
async def api(furnished: Floor, connection: Connection) -> AsyncIterator[Api]:
    """An administrator's client."""
    async with Api(connection, lambda verb, code: None) as opened:
        yield opened
