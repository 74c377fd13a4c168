"""Programmes from files: tables and calendars are read, compared with what is there, and shown.

Nothing is written to the programme before an editor has seen what would happen and takes it
over (``taking_over``). ``reading`` knows the kinds of files, ``comparing`` what they change.
"""
