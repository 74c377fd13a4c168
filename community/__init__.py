"""The community of practice. Its first model comes with the monthly themes."""
