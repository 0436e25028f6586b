"""What procedures that say so make public: a list of what was answered, and a report by period."""
