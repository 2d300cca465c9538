"""Who may come in: the address within its limit, a key that opens a tenant, and the key within its limit.

Refused addresses never reach the database.
"""

from collections.abc import Awaitable, Callable

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shortener.desk import Caller
from shortener.limits import Limits, note
from shortener.settings import ShortenerSettings
from shortener.visitors import outermost, rate_group, visitor
from toprope_kit.auth import bearer
from toprope_kit.problem import Unauthorized

TenantOfKey = Callable[[str, bytes], Awaitable[int | None]]

scheme = HTTPBearer(
    auto_error=False, scheme_name="key", bearerFormat="tr_<id>_<secret>", description="An API key; it opens one tenant."
)


class Gate:
    """Lets callers of the API in."""

    def __init__(self, limits: Limits, tenant_of_key: TenantOfKey, settings: ShortenerSettings) -> None:
        self._limits = limits
        self._tenant_of_key = tenant_of_key
        self._per_key = settings.key_requests_per_minute
        self._per_address = settings.address_requests_per_minute
        self._proxies = settings.trusted_proxies

    async def enter(self, request: Request) -> Caller:
        """The caller; Unauthorized or TooManyRequests."""
        peer = request.client.host if request.client else ""
        address = visitor(peer, request.scope["headers"], self._proxies).address
        if self._per_address:
            verdict = self._limits.take("address", rate_group(address), self._per_address)
            note(request.scope, verdict, f"This address made its {verdict.limit} requests of this minute.")
        presented = bearer(request.headers.get("authorization"))
        tenant = await self._tenant_of_key(presented.key_id, presented.digest)
        if tenant is None:
            raise Unauthorized("This API key opens nothing; look whether it was rotated.")
        if self._per_key:
            verdict = await self._limits.take_now("key", presented.key_id, self._per_key)
            note(request.scope, verdict, f"This key made its {verdict.limit} requests of this minute.")
        return Caller(tenant, reached_by(request, self._proxies))


def reached_by(request: Request, proxies: int) -> str:
    """Scheme and host by which the client reached us, as far as our own proxies tell: they end TLS, and pass `Host` on.

    No setting names it: a pod's environment stays what it was at its revision's birth, while the host names of a
    resource change at once.
    """
    told = b",".join(value for name, value in request.scope["headers"] if name == b"x-forwarded-proto")
    scheme = outermost(told, proxies).lower()
    return f"{scheme if scheme in ('http', 'https') else request.url.scheme}://{request.url.netloc}"


async def caller(
    request: Request,
    key: HTTPAuthorizationCredentials | None = Security(scheme),  # noqa: B008 - FastAPI reads it
) -> Caller:
    """The dependency of every route."""
    gate: Gate = request.app.state.gate
    return await gate.enter(request)
