"""Metrics for Prometheus: what this process counts, and what stands in the database."""
