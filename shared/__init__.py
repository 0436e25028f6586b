"""What the five services share: contracts, the messaging engine and the runtime."""

import zoneinfo

# Legal days depend on the time-zone data: all machines of a deployment use the locked package, never their own /usr/share/zoneinfo.
zoneinfo.reset_tzpath(())
