"""Everything that one pass finds out of what was read, before it is said in actions and conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toprope.delivery.machine.moved import moves, next_rollout, routed_weight
from toprope.delivery.machine.rollout import WHOLE, Phase, Policy, Rollout
from toprope.delivery.sizing import Paid
from toprope.serving import data, health, rollout, sharing, sizes, spending, trial
from toprope.serving.health import Look, Shares
from toprope.serving.needs import Needs, together
from toprope.serving.preparation import preparation_of
from toprope.serving.reasons import Fact
from toprope.serving.render.autoscaler import Bounds
from toprope.serving.revisions import alive, needs, revision, rollout_of
from toprope.serving.rotation import Rotation, rotation
from toprope.serving.slos import Watching, judged, watching
from toprope.serving.standing import Standing, standing
from toprope.serving.trial import Evidence
from toprope.serving.web import Release
from toprope.serving.workload import workload_of
from toprope.slo.health import Health


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one pass found out, before it is said in actions and conditions."""

    look: Look
    wanted: str
    before: Rollout
    after: Rollout
    policy: Policy
    scale: sizes.Scale
    found: Evidence
    """What the gates stand on."""
    paid: Sequence[Paid]
    """What the error budgets pay for."""
    waits: Fact | None
    """What the wanted revision still waits for."""
    releases: Mapping[str, Release]
    """The living revisions, by name."""
    needs: Needs
    """What they stand on, all of them."""
    parts: Standing
    rotation: Rotation
    growth: data.Growth
    watched: Watching
    """What the SLOs are watched with."""
    slos: Health

    @property
    def shares(self) -> Shares:
        """How requests are shared in this pass."""
        return rollout.shared(self.serving.name, self.before, self.weight)

    @property
    def weight(self) -> int:
        """The candidate's, of the requests of this pass."""
        return rollout.given(self.look, self.before, routed_weight(self.before, self.after), self.waits)

    @property
    def obstacle(self) -> Fact | None:
        """What the candidate waits for, as far as it is the wanted revision."""
        return self.waits if self.after.candidate == self.wanted else None

    @property
    def capacity(self) -> int | None:
        """What the candidate needs for all requests, as this pass remembers it; of a try that begins nothing yet."""
        after, before = self.after, self.before
        is_same = (after.candidate, after.began) == (before.candidate, before.began)
        return self.scale.need if moves(after) and after.candidate and is_same else None

    @property
    def selected(self) -> str | None:
        """The revision that the plain Service selects in this pass; None: all."""
        return sharing.selected(self.look, self.shares, self.scale)

    @property
    def takes_back(self) -> bool:
        """Whether stable gets what the candidate had."""
        return self.after.phase is Phase.ROLLING_BACK and self.serving.name == self.after.stable

    @property
    def falls(self) -> bool:
        """Whether the candidate loses requests in this pass."""
        return self.takes_back or self.weight < routed_weight(self.before, self.after)

    @property
    def answering(self) -> Release:
        """Who has all the requests in this pass, or most of what serves. Without a gateway that is whom the Service
        selects, which waits for a candidate's pods."""
        whole = next((name for name, weight in self.shares.items() if weight == WHOLE), None)
        plain = None if self.look.resource.spec.traffic else self.selected
        return self.releases[plain or whole or self.serving.name]

    @property
    def serving(self) -> Release:
        """The revision that gets the traffic: what the status as read says, not what this pass is about to say."""
        return self.releases[rollout.serving(self.look, self.before) or self.after.stable or self.wanted]


def planned(look: Look, *, is_lost: bool) -> Plan:
    """What this look comes to. Where data or credentials are lost, nobody rotates anything."""
    resource, seen, now = look.resource, look.seen, look.now
    wanted, before = workload_of(resource).revision_of(resource.spec), rollout_of(resource)
    scale = sizes.scale_of(look, before)
    needed = needs(revision(resource, seen, wanted, wanted), None)
    preparation, asked = preparation_of(resource, seen, wanted, now), sharing.policy(resource, scale)
    waits = rollout.waits(look, before, preparation, needed, sizes.need_at(scale, before, asked))
    found = trial.evidence(resource, seen.looked, now)
    ways = sharing.ways(look, before, scale, asked)
    paid = spending.payments(look, before, found)
    policy = spending.limited(look, before, asked, paid)
    after = next_rollout(before, rollout.seen_by_machine(look, before, preparation, waits, found, ways), policy, now)
    if (after.phase, after.step) != (before.phase, before.step):
        # What a turn stands on is written down with it, and nobody looks any more after the last one.
        found = trial.fresh(resource, seen.looked, now)
    releases = {
        name: _release(look, name, wanted, sizes.bounds(look, (before, after), name, scale, policy))
        for name in alive(before, after)
    }
    every = together(release.needs for release in releases.values())
    watched = watching(resource)
    busy = any(release.preparation.is_running for release in releases.values())
    image = _image(releases, before.stable)
    return Plan(
        look=look,
        wanted=wanted,
        before=before,
        after=after,
        policy=policy,
        scale=scale,
        found=found,
        paid=paid,
        waits=waits,
        releases=releases,
        needs=every,
        parts=standing(resource, seen, every),
        rotation=Rotation() if is_lost else rotation(resource, seen, image, now, own_cache=every.own_cache, busy=busy),
        growth=data.growth(resource, seen, now),
        watched=watched,
        slos=judged(resource, watched.rule_sets, seen.measured, now),
    )


def _release(look: Look, name: str, wanted: str, bounds: Bounds) -> Release:
    known = revision(look.resource, look.seen, name, wanted)
    preparation = preparation_of(look.resource, look.seen, name, look.now)
    return Release(name, known, preparation, needs(known, health.deployment_of(look, name)), bounds)


def _image(releases: Mapping[str, Release], stable: str | None) -> str | None:
    release = releases.get(stable or "")
    return release.revision.image if release and release.revision else None
