"""Composition root: settings, URLs, pages that join several apps. No rules live here."""
