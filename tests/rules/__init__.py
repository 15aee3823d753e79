"""Rules of the domain: pure functions, examples and properties."""
