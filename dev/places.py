"""Where things lie: nothing of the local cluster is ever written into the checkout.

`cache` may be deleted at any time and is only built again; `state` belongs to the running cluster
and is gone after `down`.
"""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Places:
    """The two folders that everything else is named from."""

    cache: Path
    """Binaries, image layers, base systems; keyed by version, shared by all checkouts."""

    state: Path
    """etcd's data, certificates, containerd's and kubelet's folders."""

    @property
    def floors(self) -> Path:
        """One small file for each running integration floor, so that an orphan is found."""
        return self.cache / "floors"

    @property
    def images(self) -> Path:
        """Base systems and the hashes of what was built from them."""
        return self.cache / "images"


def places(environment: dict[str, str] | None = None) -> Places:
    """The folders of this user, by the XDG rules."""
    known = dict(os.environ) if environment is None else environment
    home = Path(known.get("HOME") or "/root")
    cache = Path(known.get("XDG_CACHE_HOME") or home / ".cache")
    state = Path(known.get("XDG_STATE_HOME") or home / ".local" / "state")
    return Places(cache=cache / "toprope", state=state / "toprope")
