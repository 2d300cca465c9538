"""Why a rollout stands where it stands. Verdicts and faults bring reasons of their own."""

from enum import StrEnum


class Reason(StrEnum):
    """One word for programs."""

    FIRST_RELEASE = "FirstRelease"
    RELEASED = "Released"
    BUDGET_SPENT = "BudgetSpent"
    CANDIDATE_READY = "CandidateReady"
    SERVED_BEFORE = "ServedBefore"
    CANDIDATE_NOT_READY = "CandidateNotReady"
    EARLIER_ENDS = "EarlierRevisionEnds"
    NOT_READY_IN_TIME = "NotReadyInTime"
    REFUSED = "CandidateRefused"
    BUDGET_BELOW_ONE_VERDICT = "BudgetBelowOneVerdict"
    BUDGET_BELOW_STEP = "BudgetBelowStep"
    PROBING = "Probing"
    TOO_COARSE = "TooCoarse"
    ROUTE_NOT_MOVED = "RouteNotMoved"
    SHARE_NOT_SEEN = "ShareNotSeen"
    SHARE_UNMEASURED = "ShareUnmeasured"
    SHARE_DIFFERS = "ShareDiffers"
    STEP_TRUE = "StepTrue"
    CAPACITY_LOST = "CapacityLost"
    CAPACITY_MISSING = "CapacityMissing"
    CAPACITY_SHORT = "CapacityShort"
    PAUSED = "Paused"
    HOLD_NOT_OVER = "HoldNotOver"
    STEP_PASSED = "StepPassed"
    UNDECIDED_TOO_LONG = "UndecidedTooLong"
    UNDECIDED_PROMOTED = "UndecidedPromoted"
    PROMOTED = "PromotedByHand"
    BAKING = "Baking"
    BAKED = "Baked"
    TRAFFIC_MOVED = "TrafficMoved"
    STABLE_NOT_READY = "StableNotReady"
    STABLE_GONE = "StableGone"
    ABORTED = "Aborted"
    WITHDRAWN = "ReleaseWithdrawn"
    SUPERSEDED = "ReleaseSuperseded"


GOES_ON_ALONE = (Reason.NOT_READY_IN_TIME, Reason.REFUSED)
"""Failures that end by themselves, once what was missing is there."""
UNPAID = (Reason.BUDGET_BELOW_ONE_VERDICT, Reason.BUDGET_BELOW_STEP, Reason.TOO_COARSE)
"""What is left of an error budget pays for no next share."""
