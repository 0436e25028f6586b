"""How long a form of the faults is run, and from which seed: the short one, or as `make proof` says."""

import os
import random

LIVES = int(os.environ.get("WASL_PROOF_LIVES", "300"))
"""While services are killed."""
SOME = max(50, LIVES // 20)
"""While anything else is done to the world."""
KILLS = int(os.environ.get("WASL_PROOF_KILLS", "1"))
"""Effective ones of each service; and how often each other fault is done that may be done again."""
LONGEST = 600 + LIVES // 2
"""Seconds for one test, on a machine that is busy with others."""
SEED = os.environ.get("WASL_PROOF_SEED") or str(random.randrange(1_000_000))
