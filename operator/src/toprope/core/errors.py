"""What can go wrong between the operator and the world.

    TopropeError
    ├── Transient        the world was not there or not willing: come again, with back-off
    │   └── Conflict     somebody wrote first: look again at once
    ├── AlreadyExists    a POST met an object of that name
    └── Refused          the API server says no, and will say so again until something changes
        ├── ChildNotOurs the name belongs to somebody else
        ├── DataNotOurs  the same, and it may be this resource's data, restored without its labels
        └── ChildOrphaned the name belongs to what an earlier resource left behind

An error carries the policy (its class) and the sentence a person reads (its text).
"""

from collections.abc import Iterable, Mapping, Sequence

from toprope.core.objects import Ref


class TopropeError(Exception):
    """Any failure that the engine knows what to do about."""

    reason = "Failed"
    """CamelCase word for a condition."""


class Transient(TopropeError):
    """Worth another try after a while."""

    reason = "ApiUnavailable"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the server asked to wait; None when it said nothing."""


class Conflict(Transient):
    """The object changed between our look and our write."""

    reason = "Conflict"


class AlreadyExists(TopropeError):
    """A POST found an object of the same name."""

    reason = "AlreadyExists"


class Refused(TopropeError):
    """The API server refuses this write for good: forbidden, invalid, immutable."""

    reason = "Refused"

    def __init__(
        self, ref: Ref, message: str, *, reason: str = "Refused", causes: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(message)
        self.ref = ref
        self.reason = reason
        self.causes = causes
        """Field by field, as `spec.slos[0].objective`: what is wrong with it, as far as the API server says so."""


class ChildNotOurs(Refused):
    """An object of a child's name exists and is not ours to change."""

    def __init__(self, ref: Ref, holder: str) -> None:
        super().__init__(
            ref,
            f"{ref} exists already and belongs to {holder}. Toprope does not touch it: "
            f"remove or rename it, or give the resource another name.",
            reason="ChildNotOurs",
        )


class DataNotOurs(Refused):
    """An object of the name of data or credentials exists, and does not say whose it is."""

    def __init__(self, ref: Ref, holder: str, labels: Mapping[str, str]) -> None:
        """`labels` are those that make it this resource's."""
        told = " ".join(f"{label}={value}" for label, value in labels.items())
        super().__init__(
            ref,
            f"{ref} exists already and belongs to {holder}. Toprope does not touch it. If it is data of this resource, "
            f"restored without its labels: kubectl -n {ref.namespace} label --overwrite {ref.resource.qualified} "
            f"{ref.name} {told}. Else give the resource another name.",
            reason="ChildNotOurs",
        )


class ChildOrphaned(Refused):
    """A child of an earlier resource of this name, which was deleted without its children."""

    def __init__(self, ref: Ref, left: Iterable[str], selector: str) -> None:
        """`left` are the collections in which something was left behind, `selector` finds all of it, and no data."""
        super().__init__(
            ref,
            f"{ref} was left behind by an earlier resource of this name, deleted with --cascade=orphan. Toprope does "
            f"not take it over. Remove what was left, and it is made anew; data stays: "
            f"kubectl -n {ref.namespace} delete {','.join(left)} -l '{selector}'",
            reason="ChildOrphaned",
        )
