"""Logs: one record, one line, for people or as JSON, whoever in this process writes it."""
