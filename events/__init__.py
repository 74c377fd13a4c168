"""The record of meetings and what came of them. Its first model comes with the events record."""
