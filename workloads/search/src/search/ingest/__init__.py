"""A generation is filled: lines become documents, documents vectors, vectors an index that proves its recall."""
