"""The record of meetings and what came of them: programmes, outcome documents, commitments."""
