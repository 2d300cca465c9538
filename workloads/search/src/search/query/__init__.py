"""From a question to an ordered list of documents: near ones, ones with its words, and both as one list."""
