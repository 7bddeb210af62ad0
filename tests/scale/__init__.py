"""What docs/scaling.md tells, measured (`make scale`): absolute numbers, and where they come from.

Nothing here is a test; `tests.bench` compares with references, this counts and adds up.
"""
