"""What needs more than Python and a browser: other people's opinion of the pages."""
