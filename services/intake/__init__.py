"""Intake: takes complaints, gives receipts, shows the citizen what became of them, and forgets people who ask for it."""
