"""The web face: a local group chat with its demo page, and ``/health``."""
