"""What a person sees of a rollout, and orders for it."""
