"""Hears every fact and tells those concerned. So far: who follows what, and what is new there."""
