"""The daily work at a desk beside the decisions: who does what, notes, drafts, templates, search. Kept in this store alone."""
