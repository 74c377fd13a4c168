"""Hears every fact and tells those concerned. Its first model comes with the first notice."""
