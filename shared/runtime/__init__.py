"""What every service stands on: legal time, settings, the store, problems, tokens, logs, metrics and the HTTP edge."""
