"""Who may come in: the address within its limit, a key that opens a tenant, and the key within its limit.

Refused addresses never reach the database. What the limit says is put on every answer, also on errors.
"""

from collections.abc import Awaitable, Callable

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shortener.desk import Caller
from shortener.limits import Limits, Verdict
from shortener.settings import ShortenerSettings
from shortener.visitors import rate_group, visitor
from toprope_kit.auth import bearer
from toprope_kit.problem import TooManyRequests, Unauthorized

SCOPE_KEY = "shortener.ratelimit"
"""Where in the request's scope the headers lie that `routes.RateLimited` adds to its answer."""

TenantOfKey = Callable[[str, bytes], Awaitable[int | None]]

scheme = HTTPBearer(
    auto_error=False, scheme_name="key", bearerFormat="tr_<id>_<secret>", description="An API key; it opens one tenant."
)


class Gate:
    """Lets callers of the API in."""

    def __init__(self, limits: Limits, tenant_of_key: TenantOfKey, settings: ShortenerSettings, base: str) -> None:
        self._limits = limits
        self._tenant_of_key = tenant_of_key
        self._per_key = settings.key_requests_per_minute
        self._per_address = settings.address_requests_per_minute
        self._proxies = settings.trusted_proxies
        self._base = base.rstrip("/")

    async def enter(self, request: Request) -> Caller:
        """The caller; Unauthorized or TooManyRequests."""
        peer = request.client.host if request.client else ""
        address = visitor(peer, request.scope["headers"], self._proxies).address
        if self._per_address:
            note(request, self._limits.take("address", rate_group(address), self._per_address), "address")
        presented = bearer(request.headers.get("authorization"))
        tenant = await self._tenant_of_key(presented.key_id, presented.digest)
        if tenant is None:
            raise Unauthorized("This API key opens nothing; look whether it was rotated.")
        if self._per_key:
            note(request, await self._limits.take_now("key", presented.key_id, self._per_key), "key")
        return Caller(tenant, self._base or self._reached_by(request))

    def _reached_by(self, request: Request) -> str:
        """The address that the client used, as far as our proxies tell: they end TLS, and speak plainly to us."""
        told = request.headers.get("x-forwarded-proto", "") if self._proxies else ""
        scheme = told.rpartition(",")[2].strip()
        return f"{scheme if scheme in ('http', 'https') else request.url.scheme}://{request.url.netloc}"


def note(request: Request, verdict: Verdict, whose: str) -> None:
    """Put the limit on the answer; TooManyRequests when it is reached."""
    request.scope[SCOPE_KEY] = verdict.headers()
    if not verdict.allowed:
        raise TooManyRequests(
            f"This {whose} made its {verdict.limit} requests of this minute.",
            retry_after=verdict.reset,
            headers=verdict.headers(),
        )


async def caller(
    request: Request,
    key: HTTPAuthorizationCredentials | None = Security(scheme),  # noqa: B008 - FastAPI reads it
) -> Caller:
    """The dependency of every route."""
    gate: Gate = request.app.state.gate
    return await gate.enter(request)
