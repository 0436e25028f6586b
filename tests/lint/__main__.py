"""Prints each finding as file:line: reason, and exits with 1 where there are any."""

import sys
from pathlib import Path

from tests.lint.procedures import check

ROOT = Path(__file__).parents[2]
found = [str(finding) for finding in check(ROOT)]
print("\n".join(found) or "Procedures are data: services/ and shared/ decide on none of them by its name")
sys.exit(bool(found))
