"""Examples stand in the document as they were given."""

from pydantic import BaseModel

from shared.runtime.examples import Described, in_answer, in_body, shown


class Told(BaseModel):
    model_config = shown({"at": "noon", "by": None, "before": [None, {"by": None}]})

    at: str


def test_an_example_keeps_its_nulls_however_often_the_document_is_asked_for() -> None:
    app = Described()

    @app.put("/here", responses=in_answer({"by": None}), openapi_extra=in_body({"to": None}))
    def here(told: Told) -> Told:
        return told

    for _ in range(2):
        document = app.openapi()
        call = document["paths"]["/here"]["put"]
        assert document["components"]["schemas"]["Told"]["example"] == {"at": "noon", "by": None, "before": [None, {"by": None}]}
        assert call["responses"]["200"]["content"]["application/json"]["example"] == {"by": None}
        assert call["requestBody"]["content"]["application/json"]["example"] == {"to": None}
        assert "x-example" not in str(document)
