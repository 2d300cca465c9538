"""From one release to the next: one table of states and facts.

     Idle ──release changed──► Preparing ──ready──► Shifting ⇄ Holding ──last step, Pass──► Baking ──► Retiring ──► Idle
       ▲                          │ not ready in time    │ Fail, fault, abort                │ the same
       │                          ▼                      ▼                                   ▼
     Frozen (budget spent)      Failed ◄──────────── RollingBack ◄───────────────────────────┘

The candidate starts beside stable and touches none of its pods. Requests move by weight: a weight is decided here, and
is in the route only once it stands in the status, so that it never rises before the verdict that allows it; it falls at
once. A revision that gets no requests any more goes 10 s after the gateway has accepted the route without it.

Back to the stable release is no rollout: the candidate is taken back. The first creation is none either.
"""
