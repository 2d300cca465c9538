"""OpenSLO v1: each objective of an SLO whose indicator is a ratio of counters in a Prometheus."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from toprope.core.places import Place, documents
from toprope.slo.importing.carried import WRITE, Carried, percent
from toprope.slo.importing.queries import Query, bad_of, query

VERSION = "openslo/v1"
_SHORTEST, _LONGEST = 7, 90
_MINUTES = {"m": 1, "h": 60, "d": 60 * 24, "w": 60 * 24 * 7}

_POLICY = "is not carried over: Toprope alerts by its own burn-rate rules; `alerting` switches pages and tickets"
_REASONS = {
    "alertPolicies": _POLICY,
    "metricSourceRef": "is not carried over: Toprope asks the Prometheus of its cluster",
    "op": "is not carried over: only a thresholdMetric compares with it",
    "value": "is not carried over: only a thresholdMetric compares with it",
    "displayName": "is not carried over: SLOs of Toprope have a name and a description",
    "labels": "is not carried over: write those that route alerts under `alerting.labels`",
}
_KINDS = {
    "AlertPolicy": _POLICY,
    "AlertCondition": _POLICY,
    "AlertNotificationTarget": "is not carried over: Alertmanager says who is told",
    "DataSource": _REASONS["metricSourceRef"],
    "Service": "is not carried over: the resource that the SLOs are written on says whose they are",
}


def read(text: str) -> Carried:
    """All SLOs of a file, with the indicators in it; LeftOut when it is no YAML, or empty."""
    carried = Carried()
    slos: list[Place] = []
    indicators: dict[str, list[Place]] = {}
    for document in documents(text, WRITE):
        with carried.without():
            kind = _kind(document)
            if kind == "SLO":
                slos.append(document)
            elif kind == "SLI":
                indicators.setdefault(_name(document).text(), []).append(document)
            else:
                carried.tell(document, f"{kind} {_KINDS.get(kind, 'is no kind of OpenSLO that Toprope reads')}")
    used: set[str] = set()
    for slo in slos:
        with carried.without():
            _slo(carried, slo, indicators, used)
    for name in sorted(indicators.keys() - used):
        why = "no SLO of this file names it; write one with this indicatorRef"
        for document in indicators[name]:
            carried.tell(document, f"SLI {name} is not carried over: {why}")
    return carried


def _kind(document: Place) -> str:
    version = document.fields().get("apiVersion")
    if version is None or version.text() != VERSION:
        raise document.left_out(f"is not OpenSLO v1: expected `apiVersion: {VERSION}`; Sloth is read by --from sloth")
    return document.needed("kind", "is missing: write SLO or SLI").text()


def _name(document: Place) -> Place:
    metadata = document.needed("metadata", "is missing: it holds the name")
    return metadata.needed("name", "is missing: every object of OpenSLO has one")


def _slo(carried: Carried, document: Place, indicators: Mapping[str, Sequence[Place]], used: set[str]) -> None:
    spec = document.needed("spec", "is missing: it holds indicator, timeWindow and objectives")
    fields = spec.fields()
    _tell_frame(carried, document)
    taken = ("description", "service", "indicator", "indicatorRef", "timeWindow", "budgetingMethod", "objectives")
    carried.tell_others(fields, taken, _REASONS)
    if "service" in fields:
        carried.serve(fields["service"])
    _counts_events(fields.get("budgetingMethod"))
    said = {
        "window": _window(spec.needed("timeWindow", "is missing: write `- duration: 30d` and `isRolling: true`")),
        **carried.description(fields.get("description")),
        **_indicator(carried, spec, indicators, used),
    }
    objectives = spec.needed("objectives", "is missing: write at least one with a target").elements()
    for number, objective in enumerate(objectives, 1):
        with carried.without():
            name = carried.name(_name(document), f"-{number}" if len(objectives) > 1 else "")
            carried.add(objective, {"name": name, "objective": _target(carried, objective), **said})


def _tell_frame(carried: Carried, document: Place) -> None:
    fields = document.fields()
    carried.tell_others(fields, ("apiVersion", "kind", "metadata", "spec"), {})
    if metadata := fields.get("metadata"):
        carried.tell_others(metadata.fields(), ("name",), _REASONS)


def _counts_events(place: Place | None) -> None:
    if place and place.text() != "Occurrences":
        raise place.left_out("Toprope weighs by events, not by slices of time: only Occurrences can be carried over")


def _window(place: Place) -> str:
    if len(windows := place.elements()) != 1:
        raise place.left_out(f"holds {len(windows)} windows: an SLO of Toprope has one")
    window = windows[0].fields()
    rolls = window.get("isRolling")
    if "calendar" in window or rolls is None or not rolls.is_true():
        raise windows[0].left_out(
            "is no rolling window, and Toprope has no others: write `isRolling: true`, no calendar"
        )
    duration = windows[0].needed("duration", "is missing: write 30d")
    return _days(duration)


def _days(place: Place) -> str:
    read = re.fullmatch(r"([0-9]{1,9})([mhdw])", place.text())
    days, rest = divmod(int(read[1]) * _MINUTES[read[2]], _MINUTES["d"]) if read else (0, 0)
    if rest or not _SHORTEST <= days <= _LONGEST:
        raise place.left_out(f"{place.text()} is no window of Toprope: write {_SHORTEST}d to {_LONGEST}d, as 28d")
    return f"{days}d"


def _target(carried: Carried, place: Place) -> str:
    fields = place.fields()
    if composed := fields.get("indicator") or fields.get("indicatorRef") or fields.get("compositeWeight"):
        raise composed.left_out("is one part of a composite SLO: write an SLO of its own for each indicator")
    carried.tell_others(fields, ("target", "targetPercent"), _REASONS)
    if "target" in fields:
        target = percent(fields["target"], 100)
        if "targetPercent" in fields and percent(fields["targetPercent"]) != target:
            raise fields["targetPercent"].left_out(f"is another than target, which says {target}: write one of them")
        return target
    return percent(place.needed("targetPercent", "is missing, and so is target: write target: 0.999"))


def _indicator(
    carried: Carried, spec: Place, indicators: Mapping[str, Sequence[Place]], used: set[str]
) -> dict[str, Any]:
    fields = spec.fields()
    if inline := fields.get("indicator"):
        if "indicatorRef" in fields:
            raise fields["indicatorRef"].left_out("stands beside indicator: write one of them")
        return _ratio(carried, inline)
    named = spec.needed("indicatorRef", "is missing, and so is indicator: write one of them")
    if not (found := indicators.get(named.text(), ())):
        raise named.left_out(f"names SLI {named.text()}, which is not in this file: put it there, after a line of ---")
    used.add(named.text())
    if len(found) > 1:
        lines = " and ".join(str(one.line) for one in found)
        raise named.left_out(f"names SLI {named.text()}, which stands in lines {lines}: give each another name")
    return _ratio(carried, found[0])


def _ratio(carried: Carried, document: Place) -> dict[str, Any]:
    spec = document.needed("spec", "is missing: it holds ratioMetric")
    fields = spec.fields()
    _tell_frame(carried, document)
    carried.tell_others(fields, ("ratioMetric", "thresholdMetric"), _REASONS)
    if "ratioMetric" in fields and "thresholdMetric" in fields:
        raise fields["thresholdMetric"].left_out("stands beside ratioMetric: write one of them")
    if "ratioMetric" not in fields:
        raise (fields.get("thresholdMetric") or spec).left_out(
            "is no ratio of counters: write ratioMetric with bad and total; for requests within a time use "
            "Toprope's own `latency`"
        )
    return _counters(carried, fields["ratioMetric"])


def _counters(carried: Carried, metric: Place) -> dict[str, Any]:
    ratio = metric.fields()
    if "raw" in ratio:
        raise ratio["raw"].left_out(
            "is a ratio that somebody else has divided: write bad and total, which count events"
        )
    side = "bad" if "bad" in ratio else "good"
    carried.tell_others(ratio, ("counter", side, "total"), {"good": "is not needed: bad and total say it"})
    is_counter = "counter" in ratio and ratio["counter"].is_true()
    place = metric.needed(side, "is missing, and so is bad: write one of them")
    whole = metric.needed("total", "is missing: write the query of all events")
    some, total = (_query(carried, one, is_counter=is_counter) for one in (place, whole))
    if some.measured != total.measured:
        raise place.left_out(f"is a {some.measured}, total a {total.measured}: write both alike, over one window")
    return carried.ratio(place, some.text if side == "bad" else bad_of(some, total, place), total)


def _query(carried: Carried, place: Place, *, is_counter: bool) -> Query:
    source = place.needed("metricSource", "is missing: it holds the query")
    fields = source.fields()
    carried.tell_others(fields, ("type", "spec"), _REASONS)
    if "type" in fields and fields["type"].text().lower() != "prometheus":
        raise fields["type"].left_out(f"{fields['type'].text()} is no Prometheus: count the events in one")
    spec = source.needed("spec", "is missing: it holds the query")
    carried.tell_others(spec.fields(), ("query",), {})
    return query(spec.needed("query", "is missing: write a query of Prometheus"), is_counter=is_counter)
