"""English of no single country: the day first, the month as a word, 24 hours."""
