"""Files of other SLO tools, as the commands of `toprope slo` read them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from toprope.cli.render import text_of
from toprope.cli.rendering import installation
from toprope.cli.say import err, fail
from toprope.core.model import DnsLabel
from toprope.slo.importing import carried, openslo, sloth
from toprope.slo.importing.places import LeftOut
from toprope.slo.rule_sets import RuleSet

Tool = Literal["openslo", "sloth"]
NAMESPACE = "default"

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


def judged(file: Path, found: carried.Carried, namespace: str, name: str | None) -> Sequence[RuleSet]:
    """The SLOs with their rules, in a namespace and under a name; without one, the file's one service."""
    if name is None and len(found.services) != 1:
        fail(f"{file} speaks of {len(found.services)} services: say by --name whose SLOs they are.", code=2)
    whose = name or found.services[0]
    for option, value in (("--namespace", namespace), ("--name", whose)):
        try:
            TypeAdapter(DnsLabel).validate_python(value)
        except ValidationError:
            fail(f"{option} {value}: lower-case letters, digits and -, 63 at most.", code=2)
    return carried.judged(found.slos, namespace, whose, installation("", "", "").runbooks)
