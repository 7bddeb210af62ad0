"""Measurements (`make bench`): what the app costs over what it stands on, side by side in one run.

Nothing here is a test, and no test depends on a time.
"""
