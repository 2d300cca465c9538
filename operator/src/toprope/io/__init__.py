"""The outside, behind the ports: the API server over HTTP, the store that its watches feed, the clock."""
