"""Sloth's SLOs: files of `prometheus/v1`, and the resource PrometheusServiceLevel, whose fields are in camelCase."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic.alias_generators import to_snake

from toprope.core.places import Place, documents
from toprope.slo.importing.carried import WRITE, Carried, percent
from toprope.slo.importing.queries import templated
from toprope.slo.spec import LABEL, LONGEST_LABEL, LONGEST_VALUE, MOST_LABELS, OURS

VERSION, CRD = "prometheus/v1", "sloth.slok.dev/v1"
WINDOW = "30d"
"""Sloth's own: its files cannot say another."""

_URL = re.compile(r"https?://[^\s{]{1,1000}")
_RUNBOOKS = ("runbook", "runbook_url", "runbookUrl")

_NO_PLUGIN = "is not carried over: Toprope runs no plugins; write `events` with the queries that it makes"
_REASONS = {
    "metadata": "is not carried over: the resource has metadata of its own",
    "plugins": _NO_PLUGIN,
    "slo_plugins": _NO_PLUGIN,
    "name": "is not carried over: Toprope's alert is ErrorBudgetBurn, and its labels say of which SLO",
}
_BOTH = "is not carried over: labels of Toprope are on pages and tickets alike; write them under `alerting.labels`"
_NO_LABEL = (
    f"is not carried over: names are letters, digits and _, {LONGEST_LABEL} at most, without __ before them; "
    f"values {LONGEST_VALUE} at most"
)
_NOT_TOLD = "is not carried over: Toprope writes the annotations; say it in the SLO's `description`"


def read(text: str) -> Carried:
    """All SLOs of a file; LeftOut when it is no YAML, or empty."""
    carried = Carried()
    for document in documents(text, WRITE):
        with carried.without():
            _document(carried, document)
    return carried


def _fields(place: Place) -> dict[str, Place]:
    """By their names in snake_case; LeftOut where one stands there in both spellings."""
    found: dict[str, Place] = {}
    for name, one in place.fields().items():
        if first := found.get(to_snake(name)):
            raise one.left_out(f"stands twice, also in line {first.line}: remove one")
        found[to_snake(name)] = one
    return found


def _document(carried: Carried, document: Place) -> None:
    fields = document.fields()
    if "version" in fields and fields["version"].text() == VERSION:
        _service(carried, document, ("version",))
    elif "apiVersion" in fields and fields["apiVersion"].text() == CRD:
        carried.tell_others(fields, ("apiVersion", "kind", "spec"), _REASONS)
        _service(carried, document.needed("spec", "is missing: it holds service and slos"), ())
    else:
        raise document.left_out(
            f"is not Sloth's: expected `version: {VERSION}` or `apiVersion: {CRD}`; OpenSLO is read by --from openslo"
        )


def _service(carried: Carried, place: Place, taken: Sequence[str]) -> None:
    fields = _fields(place)
    carried.tell_others(fields, ("service", "labels", "slos", *taken), _REASONS)
    if "service" in fields:
        carried.serve(fields["service"])
    for slo in place.needed("slos", "is missing: write at least one SLO").elements():
        with carried.without():
            _slo(carried, slo, fields.get("labels"))


def _slo(carried: Carried, place: Place, common: Place | None) -> None:
    fields = _fields(place)
    carried.tell_others(fields, ("name", "objective", "description", "labels", "sli", "alerting"), _REASONS)
    said = {
        "name": carried.name(place.needed("name", "is missing: every SLO has a name")),
        "objective": percent(place.needed("objective", "is missing: write it in percent, as 99.9")),
        "window": WINDOW,
        **carried.description(fields.get("description")),
        **_alerting(carried, fields.get("alerting"), [common, fields.get("labels")]),
        **_sli(carried, place.needed("sli", "is missing: write `events` with error_query and total_query")),
    }
    carried.add(place, said)


def _sli(carried: Carried, place: Place) -> dict[str, Any]:
    fields = _fields(place)
    if "events" not in fields:
        raise place.left_out(
            f"{' and '.join(fields) or 'nothing'} is no pair of counters: "
            "write `events` with error_query and total_query"
        )
    carried.tell_others(fields, ("events",), {"plugin": _NO_PLUGIN})
    events = _fields(fields["events"])
    carried.tell_others(events, ("error_query", "total_query"), {})
    missing = "is missing: write sum(rate(counter{…}[{{.window}}]))"
    bad, total = (
        templated(events.get(name) or fields["events"].needed(name, missing)) for name in ("error_query", "total_query")
    )
    if bad.measured != total.measured:
        raise fields["events"].left_out("one query is a rate and the other an increase: write both as rate")
    return carried.ratio(fields["events"], bad.text, total)


def _alerting(carried: Carried, place: Place | None, common: Sequence[Place | None]) -> dict[str, Any]:
    fields = _fields(place) if place else {}
    carried.tell_others(fields, ("annotations", "labels", "page_alert", "ticket_alert"), _REASONS)
    said: dict[str, Any] = {
        severity: _is_on(carried, fields[name])
        for severity, name in (("page", "page_alert"), ("ticket", "ticket_alert"))
        if name in fields
    }
    for unrecorded in filter(None, common):
        carried.tell(unrecorded, "is on the alerts only: records of Toprope carry namespace, kind, name and slo")
    if labels := _labels(carried, [*common, fields.get("labels")]):
        said["labels"] = labels
    return ({"alerting": said} if said else {}) | _runbook(carried, fields.get("annotations"))


def _is_on(carried: Carried, place: Place) -> bool:
    fields = _fields(place)
    carried.tell_others(fields, ("disable",), {"labels": _BOTH, "annotations": _NOT_TOLD})
    return not ("disable" in fields and fields["disable"].is_true())


def _labels(carried: Carried, maps: Sequence[Place | None]) -> dict[str, str]:
    """Labels of the alerts; a later map wins, as in Sloth."""
    found: dict[str, str] = {}
    for name, place in {name: one for labels in maps if labels for name, one in labels.fields().items()}.items():
        if name in OURS:
            carried.tell(place, f"is not carried over: Toprope sets {name} itself")
        elif not re.fullmatch(LABEL, name) or len(name) > LONGEST_LABEL or len(place.text()) > LONGEST_VALUE:
            carried.tell(place, _NO_LABEL)
        elif "{{" in place.text():
            carried.tell(place, "is not carried over: it is a template, and labels of Toprope are as they are written")
        elif len(found) == MOST_LABELS:
            carried.tell(place, f"is not carried over: alerts take {MOST_LABELS} labels of their own")
        else:
            found[name] = place.text()
    return found


def _runbook(carried: Carried, place: Place | None) -> dict[str, str]:
    """The annotation that links the runbook; Toprope writes the others itself."""
    fields = place.fields() if place else {}
    name = next((one for one in _RUNBOOKS if one in fields and _URL.fullmatch(fields[one].text())), "")
    carried.tell_others(fields, (name,), dict.fromkeys(fields, _NOT_TOLD))
    return {"runbookUrl": fields[name].text()} if name else {}
