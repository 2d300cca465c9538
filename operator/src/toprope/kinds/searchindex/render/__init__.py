"""What a SearchIndex's own programs need, one object a file."""
