"""Triage: what the bot hears, and what it lets pass."""
