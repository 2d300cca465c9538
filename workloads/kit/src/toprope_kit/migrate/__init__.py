"""Bringing a service's database to what its release needs, and refusing what would hurt the release that runs."""
