"""SLOs of other formats, read as ours: what can be said exactly is carried over, everything else is told."""
