"""The running program: its faces, wiring, configuration, command line."""
