"""The HTTP server of the ops port: a small uvicorn inside the supervisor."""

import contextlib
from collections.abc import Iterator

import uvicorn

from toprope_kit.ops import Ops


class OpsServer(uvicorn.Server):
    """Serves the ops pages until `should_exit`; signals belong to the supervisor."""

    def __init__(self, ops: Ops) -> None:
        super().__init__(
            uvicorn.Config(
                ops, http="httptools", ws="none", lifespan="off", interface="asgi3", loop="none", log_config=None,
                access_log=False, server_header=False, proxy_headers=False, timeout_graceful_shutdown=1,
            )
        )  # fmt: skip

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process around it."""
        yield
