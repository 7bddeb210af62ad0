"""What databases and networks do to a program at the worst moment, on purpose."""
