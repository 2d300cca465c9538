"""What is served in the same way whatever its kind: pods of a revision, doors to them, and the way to the next."""
