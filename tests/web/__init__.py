"""The local chat and its page."""
