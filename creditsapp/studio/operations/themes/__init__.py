"""What theme generation needs."""
