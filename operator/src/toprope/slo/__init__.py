"""Service level objectives: what counts, for how long, when it wakes somebody. Pure, and knows no kind."""
