"""What image restyle needs."""
