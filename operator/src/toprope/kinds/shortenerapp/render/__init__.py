"""What a ShortenerApp's own programs need, one object a file."""
