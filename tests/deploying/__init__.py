"""The examples of docs/deploy, as whoever reads them finds them on their machine."""
