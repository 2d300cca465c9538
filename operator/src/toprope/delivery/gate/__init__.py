"""Is the candidate bad? Counts in, verdict out, valid at every look.

    counts ──► counted ──► advance ──► judgement
    (as read)  differences  evidence    verdict, reason, sentence

Nothing here knows a resource, a clock or a revision. docs/gate.md says what is promised, and where the formulas come
from.
"""
