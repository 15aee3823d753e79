"""Use cases on their own, where a story would be too long."""
