"""What the gate promises, measured: thousands of rollouts at once, on traffic that is drawn."""
