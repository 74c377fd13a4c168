"""Forms of the community, part by part."""
