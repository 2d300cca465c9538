"""Bringing a database to what this release needs: the check before, the steps, the grants, the first tenant."""
