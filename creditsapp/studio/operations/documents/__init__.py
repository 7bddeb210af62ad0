"""What document conversion needs."""
