"""The directory that routing owns: bodies, public services, territories, procedures, calendars, and the rules that route."""
