"""What triage knows of a case: why it went where it did, where the like of it went, and what it may be a second copy of."""
