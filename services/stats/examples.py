"""Figures of one body, and what was published of it, as examples for the interface's description."""

from shared.runtime.examples import Example

BODY = "commune-061410100"
AS_OF: Example = {"at": "2026-05-04T08:00:00.000Z", "offsets": {"complaints-intake": {"0": 812, "1": 790}, "directory": {"0": 4100}}}

_ENDED: Example = {"n": 412, "open": 60, "answered": 310, "refused": 30, "withdrawn": 8, "lapsed": 4}
_TIMES: Example = {"overdue_open": 5, "in_time": 276, "entered_late": 2, "median_days": 23}
_RATED: Example = {"rated": 120, "satisfied": 96, "satisfied_rate": 0.8, "satisfied_of": 120}
_ROW: Example = {"key": BODY, **_ENDED, **_TIMES, "in_time_rate": 0.8, "in_time_of": 345, **_RATED, "hidden": False}
_HIDDEN: Example = {"n": None, "hidden": True}
FIGURES: Example = {"as_of": AS_OF, "by": "body", "withheld": False, "rows": [_ROW, {"key": "commune-032310100", **_HIDDEN}]}

_ENDINGS: Example = {
    "acted-upon": {"ar": "تم اتخاذ إجراء", "fr": "Suivi d'une mesure"},
    "noted": {"ar": "أخذ علما", "fr": "Pris en note"},
    "outside-competence": {"ar": "خارج الاختصاص", "fr": "Hors de la compétence"},
}
_LAW: Example = {"as_of": AS_OF, "title": {"ar": "اقتراح", "fr": "Suggestion"}, "labels": {"outcome": _ENDINGS}}
_ITEM: Example = {
    "procedure": "suggestion@1",
    "body": BODY,
    "public_service": "birth-certificate",
    "territory": "061410100",
    "coded": {},
    "outcome": "acted-upon",
    "filed": "2026-02",
    "answered": "2026-03",
}
PUBLISHED: Example = {**_LAW, "items": [_ITEM], "next": None}
_COUNTS: Example = {"n": 40, "open": 10, "answered": 25, "refused": 3, "withdrawn": 2, "lapsed": 0, "hidden": False}
_OUTCOMES: Example = {"acted-upon": 9, "noted": 16, "outside-competence": 3}
_PERIOD: Example = {
    "period": "2026-Q1",
    "counts": {**_COUNTS, "outcomes": _OUTCOMES},
    "bodies": [{"body": BODY, "counts": _HIDDEN}, {"body": None, "counts": _HIDDEN}],
}
REPORT: Example = {**_LAW, "periods": [_PERIOD]}
