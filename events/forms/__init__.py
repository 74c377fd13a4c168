"""Forms about events: at the desk, and for programmes in the browser."""

from events.forms.desk import UpdateForm

__all__ = ["UpdateForm"]
