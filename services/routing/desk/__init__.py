"""The bodies' desk: everything that is decided about a case once it has been filed."""
