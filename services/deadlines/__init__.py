"""Deadlines: what time alone does to a complaint. Due dates with their reasons, warnings, breaches and their correction."""
