"""What comes out of a file: SLOs of ours, and a note on everything that they do not say."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from toprope.core.faults import faults
from toprope.core.names import short_hash
from toprope.core.places import LeftOut, Note, Place
from toprope.slo.importing.queries import Query
from toprope.slo.rule_sets import Promiser, RuleSet, rule_sets
from toprope.slo.sli import Counted
from toprope.slo.spec import Slo

LONGEST_NAME, MOST_SLOS = 40, 16
LONGEST_DESCRIPTION = 1024
WRITE = "write SLOs into it"
"""What helps where a file is empty."""
NAMESPACE = "default"
"""Where they are when the file says nothing else."""
KIND = "Service"
"""Whose SLOs they are before they stand on a resource: both formats speak of services."""


@dataclass(slots=True)
class Carried:
    """What has been read so far."""

    slos: list[Slo] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    """The services that the file speaks of, as names of resources."""
    namespaces: list[str] = field(default_factory=list)
    """The namespaces that its selectors name, the latest last."""

    def tell(self, place: Place, reason: str) -> None:
        """Note that something is not carried over as it stands."""
        if (note := place.note(reason)) not in self.notes:
            self.notes.append(note)

    def tell_others(self, fields: Mapping[str, Place], taken: Collection[str], reasons: Mapping[str, str]) -> None:
        """Note each field that nobody takes."""
        for name, other in fields.items():
            if name not in taken:
                self.tell(other, reasons.get(name, "is not carried over: an SLO of Toprope has no such field"))

    @contextmanager
    def without(self) -> Iterator[None]:
        """What is left out in here is noted, and the rest goes on."""
        try:
            yield
        except LeftOut as left:
            self.notes.append(left.note)

    def serve(self, place: Place) -> None:
        """Remember whose SLOs these are."""
        self.tell(place, "is not carried over: the resource that the SLOs are written on says whose they are")
        if (name := _dns_label(place.text())) and name not in self.services:
            self.services.append(name)

    def add(self, place: Place, said: Mapping[str, Any]) -> None:
        """One SLO, where it is one of ours; `said` is as in our spec."""
        try:
            slo = Slo.model_validate(said)
        except ValidationError as refusal:
            why = "; ".join(map(str, faults(refusal)))
            raise place.left_out(f"would be no SLO of Toprope: {why}") from refusal
        if any(slo.name == other.name for other in self.slos):
            raise place.left_out(f"would be the second SLO called {slo.name}: give it another name")
        if broken := judged([slo], (self.namespaces or [NAMESPACE])[-1], "imported", "")[0].broken:
            raise place.left_out(f"would be no SLO of Toprope: {broken}")
        self.slos.append(slo)
        if len(self.slos) > MOST_SLOS:
            self.tell(place, f"is one more than the {MOST_SLOS} SLOs of a resource: write it on another one")

    def name(self, place: Place, suffix: str = "") -> str:
        """The name of an SLO, as ours are called."""
        asked = place.text() + suffix
        if not (plain := _dns_label(asked)):
            raise place.left_out("holds no letter that a name may hold: write lower-case letters, digits and -")
        name = plain if len(plain) <= LONGEST_NAME else f"{plain[:33].rstrip('-')}-{short_hash(plain, 6)}"
        if name != asked:
            self.tell(place, f"becomes {name}: names are lower-case letters, digits and -, {LONGEST_NAME} at most")
        return name

    def description(self, place: Place | None) -> dict[str, str]:
        """The description, where there is one that fits."""
        if place is None:
            return {}
        if len(place.text()) > LONGEST_DESCRIPTION:
            self.tell(place, f"is not carried over: it is longer than {LONGEST_DESCRIPTION} characters")
            return {}
        if "{{" in place.text():
            self.tell(place, "holds a template, which Toprope does not fill in: it is carried over as it stands")
        return {"description": place.text()}

    def ratio(self, place: Place, bad: str, total: Query) -> dict[str, Any]:
        """The counters. They may only be those of the resource's namespace."""
        why = "counts only what the resource's namespace counts: Toprope adds that matcher"
        if named := total.namespaces:
            why = f"names namespace {named[0]}: the resource must be in it, because Toprope adds its own matcher"
            self.namespaces = [*(one for one in self.namespaces if one != named[0]), named[0]]
        self.tell(place, why)
        return {"ratio": {"bad": bad, "total": total.text}}


def percent(place: Place, factor: int = 1) -> str:
    """An objective, exactly: a target of 0.999 at a factor of 100 is `99.9`."""
    try:
        value = Decimal(place.text()) * factor
    except InvalidOperation:
        raise place.left_out(f"{place.text()!r} is no number") from None
    top = 100 // factor
    if not value.is_finite() or not 0 < value < 100:
        raise place.left_out(f"{place.text()} must lie between 0 and {top}: {top} leaves no error budget")
    exponent = value.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -6:
        raise place.left_out(
            f"{place.text()} has more digits than an objective of Toprope: round it to six of a percent"
        )
    return f"{value.normalize():f}"


def judged(slos: list[Slo], namespace: str, name: str, runbooks: str) -> list[RuleSet]:
    """Each SLO with its rules, as if it stood on something of that name."""
    # They count with their own counters, so nothing else needs to be known of it.
    return rule_sets(slos, Promiser(KIND, name, Counted(namespace, "", {}), runbooks))


def _dns_label(text: str) -> str:
    return re.sub("[^a-z0-9-]", "-", text.lower()).strip("-")
