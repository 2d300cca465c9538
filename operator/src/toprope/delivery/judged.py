"""What a gate says, as it goes into the status."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from toprope.core.conditions import timestamp
from toprope.delivery.gate.words import Judgement
from toprope.delivery.spec import CountsStatus, JudgedStatus


def judged_status(slo: str, one: Judgement, kept: str | None, lost: float | None) -> JudgedStatus:
    """Of one SLO: verdict, sentence, and the numbers that both stand on; `lost` are the candidate's bad requests."""
    told = one.evidence
    return JudgedStatus(
        slo=slo,
        verdict=one.verdict,
        reason=one.reason,
        message=one.message,
        candidate=_counts(told.get("candidate")),
        stable=_counts(told.get("stable")),
        counted_since=timestamp(datetime.fromtimestamp(told["since"], UTC)) if "since" in told else None,
        to_pass=_share(told["toPass"]) if "toPass" in told else None,
        to_fail=_share(min(told["toFail"].values())) if "toFail" in told else None,
        lost=None if lost is None else int(lost),
        kept=kept,
    )


def _counts(counts: Mapping[str, Any] | None) -> CountsStatus | None:
    """Requests of an hour ago count for less, and then are no whole number."""
    return CountsStatus(total=round(counts["total"]), bad=round(counts["bad"])) if counts else None


def _share(share: float) -> str:
    return f"{share:.2f}"
