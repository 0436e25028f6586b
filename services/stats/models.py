"""The table of fact rows. Its name is a parameter, so that a rebuild can fill a second one beside the one that is read."""

FACTS = "complaint_fact"

COLUMNS = {
    "complaint_id": "uuid",
    "procedure": "text",
    "kind": "text",
    "body": "text",
    "public_service": "text",
    "territory": "text",
    "filed_at": "timestamptz",
    "filed_on": "date",
    "month": "date",
    "time_zone": "text",
    "status": "text",
    "answered_at": "timestamptz",
    "due_at": "timestamptz",
    "days": "int",
    "in_time": "boolean",
    "rated": "boolean",
    "satisfied": "boolean",
    "renewal_of": "text",
    "entered_late": "boolean",
    "bodies": "int",
    "law_known": "boolean",
}
"""Name and type of each field of FactRow, in its order."""
