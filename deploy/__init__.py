"""How Wasl is run: on one machine, with compose, and the country packs."""
