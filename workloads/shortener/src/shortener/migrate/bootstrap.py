"""The first tenant and the key that the operator made for it; said again with the same words it changes nothing."""

from pathlib import Path
from typing import Protocol

from toprope_kit.auth import PresentedKey, parse
from toprope_kit.outcome import Failure


class Execute(Protocol):
    """Runs one statement and gives its first value; as the owner of the schema."""

    async def __call__(self, statement: str, *arguments: object) -> object:
        """None when there is no row."""
        ...


def key_in(path: Path) -> PresentedKey:
    """The API key that a mounted file holds; a Failure names the file, never the content."""
    try:
        presented = parse(path.read_text(encoding="utf-8").strip())
    except OSError as error:
        raise Failure(f"API key file {path}: {error.strerror}; is the Secret mounted?") from error
    if presented is None:
        raise Failure(f"API key file {path} holds no key of the form tr_<id>_<secret>; was the Secret edited?")
    return presented


async def tenant(execute: Execute, name: str) -> int:
    """The tenant's id; made when it is missing."""
    await execute("INSERT INTO shortener.tenants (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
    found = await execute("SELECT id FROM shortener.tenants WHERE name = $1", name)
    if not isinstance(found, int):
        raise Failure(f"tenant {name} vanished while it was made; run the migration again")
    return found


async def keep_key(execute: Execute, of_tenant: int, key: PresentedKey) -> None:
    """The key opens this tenant from now on, unless it was revoked: then it stays so."""
    await execute(
        "INSERT INTO shortener.api_keys (id, tenant_id, digest) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
        key.key_id,
        of_tenant,
        key.digest,
    )
    opens = await execute(
        "SELECT tenant_id FROM shortener.api_keys WHERE id = $1 AND digest = $2", key.key_id, key.digest
    )
    if opens is None:
        raise Failure(f"API key id {key.key_id} is in use for another secret; make a key with a new id")
    if opens != of_tenant:
        its = await execute("SELECT name FROM shortener.tenants WHERE id = $1", opens)
        raise Failure(f"API key id {key.key_id} opens tenant {its} and no other; go back to tenant {its}")


async def revoke_key(execute: Execute, key: PresentedKey) -> None:
    """The key opens nothing any more."""
    await execute(
        "UPDATE shortener.api_keys SET revoked_at = now() WHERE id = $1 AND digest = $2 AND revoked_at IS NULL",
        key.key_id,
        key.digest,
    )
