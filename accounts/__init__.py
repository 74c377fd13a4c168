"""People: one account each, with what they choose to show of themselves."""
