"""The words that a person greps about SLOs. The sentence stands beside the branch that finds the fact (`facts`)."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a condition about SLOs is as it is, and what Events tell."""

    # all of them
    NO_PROMETHEUS = "NoPrometheus"
    PROMETHEUS_UNAVAILABLE = "PrometheusUnavailable"
    # SlosMet
    ALL_MET = "AllMet"
    SLO_BURNING = "SloBurning"
    SLO_EXHAUSTED = "SloExhausted"
    SLO_WITHOUT_DATA = "SloWithoutData"
    # SloDataPresent
    COUNTED = "Counted"
    NOT_RECORDED = "NotRecorded"
    NO_SERIES = "NoSeries"
    NOBODY_COUNTS = "NobodyCounts"
    BAD_EXCEEDS_TOTAL = "BadExceedsTotal"
    GATEWAY_NOT_COUNTING = "GatewayNotCounting"
    GATEWAY_WITHOUT_BUCKET = "GatewayWithoutBucket"
    BAD_HAS_NO_SERIES = "BadHasNoSeries"
    NO_EVENTS = "NoEvents"
    # RulesAccepted
    EVALUATED = "Evaluated"
    RULE_FAILS = "RuleFails"
    RULES_NOT_SELECTED = "RulesNotSelected"
    NOT_EVALUATED = "NotEvaluated"
    EARLIER_RULES = "EarlierRules"
    SLO_NOT_UNDERSTOOD = "SloNotUnderstood"
    RULES_NOT_INSTALLED = "RulesNotInstalled"
    # HistoryTooShort
    RETENTION_BELOW_WINDOW = "RetentionBelowWindow"
    # Events
    BUDGET_EXHAUSTED = "BudgetExhausted"
    BUDGET_RECOVERED = "BudgetRecovered"
