"""How fast the platform is on this machine, as ratios to a bare insert measured in the same run: machines differ and swing, ratios stay.

`python -m tests.bench`: yardstick is the bare insert, generator makes the load, a module for each phase
measures, report prints and compares.
"""
