"""What is asked of counters, and of `up`, alone: expressions that read nothing that rules record.

A backtest asks a Prometheus that never ran the rules the same (`raw`).
"""

from toprope.slo.sli import Sli, Source, Tally
from toprope.slo.windows import duration


def rated(source: Source, tally: Tally, window: int) -> str:
    """Events a second that one source counted."""
    terms = [f"+ {_term(one, source, window)}" for one in tally.added]
    terms += [f"- {_term(one, source, window)}" for one in tally.less]
    return f"clamp_min({' '.join(terms).removeprefix('+ ')}, 0)"


def _term(selector: str, source: Source, window: int) -> str:
    """Nothing where the source has no series; what only some of its series could count is 0 without them."""
    rated = f"sum(rate({selector}[{duration(window)}]))"
    return rated if selector == source.anchor else f"({rated} or vector(0))"


def decider(sli: Sli) -> str:
    """Has a sample while the first source's counters decide."""
    return f"count({sli.sources[0].anchor})"


def up(selector: str) -> str:
    """Has a sample while one of these is up."""
    return f"count({selector} == 1)"


def serving(sli: Sli) -> str:
    """Has a sample while a pod takes requests, as far as is known: it is up, and does not say that it is not ready."""
    return f"count({sli.alive} == 1" + (f" unless {sli.ready} == 0)" if sli.ready else ")")


def sees(sli: Sli) -> str:
    """Has a sample while Prometheus can be believed that the pods are gone: it reaches somebody beyond its own
    namespace as well.

    To reach itself is no proof: its own target is up also behind a network that is cut. Where nobody else is its
    target, its word must do, or a service that is scraped alone could die unseen.
    """
    return f"{up('up')} unless on() (max({sli.elsewhere} unless {sli.alive}) == 0)"
