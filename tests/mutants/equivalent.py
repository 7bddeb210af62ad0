"""Mutants that do what the original does, each with the reason why no test can tell them apart."""

EQUIVALENT: dict[str, dict[str, str]] = {}
