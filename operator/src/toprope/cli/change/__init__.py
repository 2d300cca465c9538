"""What would change if a manifest were applied: nothing is written, and nothing but reading is asked for."""
