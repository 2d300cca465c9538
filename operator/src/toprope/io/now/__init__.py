"""What pods and gateways count, as of this second.

    pods of both revisions ── /sli ──►┐                                              ┌─► bells
    gateway's pods ─────── /metrics ─►├─ counts ─► one gate for each SLO ─► verdicts ┤
    API server ── pods, their nodes ─►┘  facts                                       └─► a pass ── of(resource, trial)

Whoever asks about a trial has it looked at once a second, until three minutes after he asked last. Who is not seen is
missing: neither good nor bad.
"""
