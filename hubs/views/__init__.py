"""Pages of hubs: directory, profile, comparison, lessons, and the team's own."""
