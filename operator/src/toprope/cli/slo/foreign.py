"""Files of other SLO tools, as the commands of `toprope slo` read them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from toprope.cli.manifest import text_of
from toprope.cli.rendering import installation
from toprope.cli.say import err, fail
from toprope.core.model import DnsLabel
from toprope.core.places import LeftOut
from toprope.slo.importing import carried, openslo, sloth
from toprope.slo.rule_sets import RuleSet

Tool = Literal["openslo", "sloth"]

_FORMATS: Mapping[Tool, ModuleType] = {"openslo": openslo, "sloth": sloth}


def imported(file: Path, written_by: Tool) -> carried.Carried:
    """The SLOs of a file, and on standard error what they do not say; ends the command when there is none."""
    try:
        found: carried.Carried = _FORMATS[written_by].read(text_of(file))
    except LeftOut as broken:
        fail(f"{file}: {broken}")
    sentences = [f"{file}: {note}" for note in sorted(found.notes)]
    if not found.slos:
        fail("\n".join([*sentences, f"{file}: nothing of it can be carried over."]))
    for sentence in sentences:
        err.print(sentence, markup=False)
    return found


def judged(file: Path, found: carried.Carried, namespace: str | None, name: str | None) -> Sequence[RuleSet]:
    """The SLOs with their rules, in a namespace and under a name; without them, the file's one of each.

    Ends the command where an SLO names another namespace.
    """
    if name is None and len(found.services) != 1:
        fail(f"{file} speaks of {len(found.services)} services: say by --name whose SLOs they are.", code=2)
    if namespace is None and len(found.namespaces) > 1:
        fail(f"{file} speaks of the namespaces {', '.join(found.namespaces)}: SLOs of one resource are in one.", code=2)
    whose, where = name or found.services[0], namespace or (found.namespaces or [carried.NAMESPACE])[0]
    for option, value in (("--namespace", where), ("--name", whose)):
        try:
            TypeAdapter(DnsLabel).validate_python(value)
        except ValidationError:
            fail(f"{option} {value}: lower-case letters, digits and -, 63 at most.", code=2)
    promised = carried.judged(found.slos, where, whose, installation("", "", "").runbooks)
    if broken := [f"{file}: SLO {one.slo.name}: {one.broken}" for one in promised if one.broken]:
        fail("\n".join(broken))
    return promised
