"""What image generation needs."""
