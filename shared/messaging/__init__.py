"""The messaging engine: one seam between a service and the log, the same for all five."""
