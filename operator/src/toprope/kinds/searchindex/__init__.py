"""The SearchIndex: semantic search over documents, with its database, its generations, web pods and route."""
