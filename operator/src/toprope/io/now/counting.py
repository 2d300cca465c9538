"""All that is counted of one trial: sums of pods and gateway, told to a gate for each SLO."""

from collections.abc import Mapping

from toprope.core.resource import Resource
from toprope.delivery.gate.counts import NONE, Counts
from toprope.delivery.trial import Trial
from toprope.io.now.feed import Counter, Feed, Grown
from toprope.io.now.gates import Gates
from toprope.io.now.gateway import CountsBackends
from toprope.io.now.look import Look
from toprope.io.now.sums import Sums
from toprope.slo.spec import Slo

USERS = Slo.model_validate({"name": "users", "objective": "99", "availability": {}})
"""Counts users' requests, whatever the resource promises."""
_USERS = ""
"""No SLO has this name."""


class Counting:
    """Times are seconds since 1970 that never leap."""

    def __init__(self, resource: Resource, trial: Trial, t: float) -> None:
        self.gates = Gates(trial, t)
        self.candidate, self.stable = NONE, NONE
        """Users' requests since the weight was asked for or the step became true."""
        self._namespace = resource.namespace
        self._trial = trial
        self._slos = _slos(resource, trial)
        self._feeds = {name: Feed() for name in self._slos}
        self._sums = (Sums(), Sums())
        self._lost_before = trial.lost
        """By SLO."""

    @property
    def source(self) -> Counter:
        """Who counts users' requests."""
        return self._feeds[_USERS].counter

    @property
    def lost(self) -> Mapping[str, float]:
        """Bad requests of the candidate's, by the SLO that judges them."""
        feeds = ((name, feed) for name, feed in self._feeds.items() if name != _USERS)
        return {name: self._lost_before.get(name, 0) + feed.lost for name, feed in feeds}

    def asked(self, resource: Resource, trial: Trial, t: float) -> None:
        """Somebody asks about the trial as it stands now."""
        if (trial.step, trial.asked) != (self._trial.step, self._trial.asked):
            self.candidate, self.stable = NONE, NONE
        self._trial = trial
        self._slos = _slos(resource, trial)
        self._feeds = {name: self._feeds.get(name) or Feed() for name in self._slos}
        self.gates.asked(trial, t)

    def saw(self, look: Look, t: float, gateway: CountsBackends) -> None:
        """One more look, at `t`."""
        pods, backends = self._by_pods(look), self._by_gateway(gateway)
        knows = bool(self._trial.route) and gateway.knows(self._namespace, self._trial.route)
        for name, slo in self._slos.items():
            is_there = slo.availability is not None
            by = {Counter.PODS: pods[name], **({Counter.GATEWAY: backends} if backends and is_there else {})}
            told = self._feeds[name].told(look.at, by, knows and is_there)
            if told:
                self._tell(name, t, *told)

    def _tell(self, name: str, t: float, candidate: Counts, stable: Counts | None) -> None:
        if name == _USERS:
            self.candidate += candidate
            self.stable += stable or NONE
        else:
            self.gates.look(name, t, candidate, stable)

    def _by_pods(self, look: Look) -> Mapping[str, Grown]:
        found = []
        for sums, pods in zip(self._sums, (look.listed.candidate, look.listed.stable), strict=True):
            sums.listed([pod.uid for pod in pods])
            pages = {pod.uid: page for pod in pods if (page := look.of(pod.uid).page)}
            found.append(sums.grown(pages, self._slos))
        return {name: Grown(found[0].get(name), found[1].get(name)) for name in self._slos}

    def _by_gateway(self, gateway: CountsBackends) -> Grown | None:
        route, trial = self._trial.route, self._trial
        if not route or not gateway.is_seen():
            return None
        return Grown(
            gateway.grown(self._namespace, route, trial.candidate.service),
            gateway.grown(self._namespace, route, trial.stable.service),
        )


def _slos(resource: Resource, trial: Trial) -> Mapping[str, Slo]:
    """Those that judge. A `ratio` has no now, so nobody ever tells its gate anything."""
    judging = {slo.name: slo for slo in resource.spec.slos if slo.name in trial.rules}
    return {_USERS: USERS, **judging}
