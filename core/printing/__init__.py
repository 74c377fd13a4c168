"""Papers to print, as tagged PDF: typesetting, and which letters can be printed."""
