"""The pages of a hub's team: whoever has no part in the hub finds none of them (404)."""
