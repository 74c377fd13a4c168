"""What a hub's team fills in."""
