"""The directory of the complaint in examples.py: its body, its public service, its place and its law, one of each."""

import json

from services.intake.catalogue import Catalogue
from services.intake.examples import BODY, PLACE
from shared.contracts.directory import BodyRecord, Directory, PackRecord, ProcedureRecord, PublicServiceRecord, TerritoryRecord
from shared.runtime.examples import Example

_SINCE: Example = {"valid_from": "2018-01-01"}
_CIVIL_STATUS, _COMMUNE = {"ar": "رسم الولادة", "fr": "Acte de naissance"}, {"ar": "الدار البيضاء", "fr": "Casablanca"}
_LAW: Example = {
    **_SINCE,
    "code": "complaint",
    "version": 1,
    "kind": "complaint",
    "title": {"ar": "شكاية", "fr": "Réclamation"},
    "legal_basis": [{"title": "Decree on complaints", "certainty": "A"}],
    "filer": {"identity": "none"},
    "form": [
        {
            "code": "nature",
            "type": "choice",
            "private": False,
            "label": {"ar": "طبيعة الشكاية", "fr": "Nature de la réclamation"},
            "options": [{"code": "dissatisfaction", "label": {"ar": "عدم الرضا عن الخدمة", "fr": "Insatisfaction du service"}}],
        }
    ],
    "addressee": {"mode": "rule"},
    "clocks": [
        {
            "code": "answer",
            "label": {"ar": "الجواب المعلل", "fr": "Réponse motivée"},
            "starts": "filed",
            "stops": ["answered", "closed"],
            "span": {"n": 60, "unit": "calendar_days"},
            "holder": "body",
        }
    ],
    "outcomes": [{"code": "favourable", "label": {"ar": "استجابة", "fr": "Suite favorable"}, "counts_as": "answered"}],
    "retention": {"n": 60, "unit": "months"},
}
_PACK = PackRecord.model_validate(
    {
        **_SINCE,
        "version": 5,
        "country": "morocco",
        "name": {"ar": "المغرب", "fr": "Maroc"},
        "sha256": "",
        "counts": {},
        "time_zone": "Africa/Casablanca",
        "calendar": "ma",
        "languages": ["ar", "fr"],
        "page_languages": ["ar", "fr", "en"],
        "national_desk": {"ar": "المكتب الوطني للشكايات", "fr": "Bureau national des réclamations"},
    }
)
_RECORDS = (
    BodyRecord.model_validate(
        {
            **_SINCE,
            "id": BODY,
            "name": {"ar": "جماعة الدار البيضاء", "fr": "Commune de Casablanca"},
            "family": "territorial",
            "territory": PLACE,
            "source": "Census",
            "certainty": "C",
        }
    ),
    PublicServiceRecord.model_validate(
        {**_SINCE, "code": "birth-certificate", "body": BODY, "title": _CIVIL_STATUS, "territorial": "commune"}
    ),
    TerritoryRecord.model_validate({**_SINCE, "code": PLACE, "level": "commune", "name": _COMMUNE}),
    ProcedureRecord.model_validate({**_SINCE, "procedure": _LAW}),
)
DIRECTORY: Example = json.loads(Catalogue().document(Directory(_RECORDS), _PACK)[0])
