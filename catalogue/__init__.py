"""Solutions: identify, document, validate, package."""
