"""How long a form of the faults is run, and from which seed: the short one, or as `make proof` says."""

import os
import random

LIVES = int(os.environ.get("WASL_PROOF_LIVES", "2000"))
"""While services are killed."""
SOME = max(50, LIVES // 40)
"""While anything else is done to the world."""
AT_ONCE = int(os.environ.get("WASL_PROOF_AT_ONCE", "6"))
"""Lives at every moment: enough that work is in flight, and few enough that what was killed gets processor time to come back."""
KILLS = int(os.environ.get("WASL_PROOF_KILLS", "1"))
"""Effective ones of each service; and how often each other fault is done that may be done again."""
LONGEST = 600 + LIVES // 10
"""Seconds for one test, on a machine that is busy with others."""
SEED = os.environ.get("WASL_PROOF_SEED") or str(random.randrange(1_000_000))
