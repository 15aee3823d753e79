"""The Telegram face: python-telegram-bot for every call, our own loop for what comes in (docs/decisions/0002)."""
