"""The routing service: which public body a case is with, and everything that the bodies decide about it."""
