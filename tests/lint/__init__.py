"""Rules about the code that no general linter knows; `make lint` runs them."""
