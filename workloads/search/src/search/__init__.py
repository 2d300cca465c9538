"""Semantic search over Postgres and pgvector: generations of an index, filled beside each other, served one by one."""
