"""For each call about the directory a body below the office, or an import, of its own: what one call does must not spoil another."""

from typing import TYPE_CHECKING, Any

from services.routing.directory import proposal_store
from services.routing.directory.importing import preview
from services.routing.directory.store import Author
from shared.contracts.directory import BodyRecord, PublicServiceRecord, TerritoryRecord
from tests.integration.rights.matrix import Route
from tests.support.stores import Bench

if TYPE_CHECKING:
    from tests.integration.rights.scenes import Scene

NAME = {"ar": "فرع", "fr": "Agence"}
GIVEN: dict[str, Any] = {"valid_from": "2026-01-01", "name": NAME, "family": "establishment", "source": "invented", "certainty": "A"}
BODIES: dict[str, dict[str, Any] | None] = {
    "{id}": {"opening_hours": "Mo-Fr 08:30-16:30"},
    "history": None,
    "rename": {"name": {"ar": "فرع آخر", "fr": "Autre agence"}},
    "close": {},
    "merge": {"into": "water-office"},
    "split": {"parts": [{"body": "commune-prima", "territories": ["010010101"]}], "rest": "water-office"},
    "invitation": None,
    "contact-test": None,
    "proposals": {"name": {"ar": "فرع آخر", "fr": "Autre agence"}},
}
RECORDS: dict[str, dict[str, Any]] = {
    "public-services": {"title": {"ar": "سدود", "fr": "Retenues"}},
    "territories": {"name": {"ar": "الشمال الكبير", "fr": "Grand Nord"}},
    "close": {},
}
SERVICE: dict[str, Any] = {"valid_from": "2026-01-01", "title": NAME}
PLACE: dict[str, Any] = {"valid_from": "2026-01-01", "name": NAME, "level": "province", "parent": "010000000"}
ROW = {"family": "establishment", "name_ar": "فرع", "name_fr": "Agence", "source": "invented", "certainty": "A"}


def has(route: Route) -> bool:
    return route.path.startswith("/v1/directory/")


async def prepare(bench: Bench, ours: list[tuple[Route, "Scene"]]) -> None:
    bodies = [BodyRecord(id=f"branch-{n}", parent="water-office", mailbox="branch@noria.example", **GIVEN) for n in range(len(ours))]

    services = [PublicServiceRecord(code=f"service-{n}", body="water-office", **SERVICE) for n in range(len(ours))]
    places = [TerritoryRecord(code=f"09{n:03}0000", **PLACE) for n in range(len(ours))]

    async def publish(tx: Any) -> None:
        tx.publish_directory([*bodies, *services, *places])

    await bench.node.run(publish)
    bench.node.cache.expire()
    for body, service, place, (route, scene) in zip(bodies, services, places, ours, strict=True):
        scene.headers["If-Match"] = '"1"'
        if route.path.startswith("/v1/directory/bodies/"):
            last = route.path.rpartition("/")[2]
            scene.place, scene.body = {"id": body.id}, BODIES[last] if route.method != "GET" else None
        elif route.path == "/v1/directory/imports":
            scene.body = {"kind": "bodies", "rows": [ROW | {"id": f"{body.id}-new"}]}
        elif route.path.startswith("/v1/directory/imports/"):
            await _previewed(bench, scene, f"{body.id}-new")
        elif route.path.startswith("/v1/directory/calendars/"):
            scene.place, scene.body = {"code": "noria"}, {"weekly_off": ["friday"]} if route.method == "PUT" else None
        elif route.path.startswith("/v1/directory/exports/"):
            scene.place = {"kind": "bodies"}
        elif route.path.startswith("/v1/directory/proposals/"):
            await _proposed(bench, scene, body, route.path.endswith("refusal"))
        elif "/{code}" in route.path:
            kind = route.path.split("/")[3]
            scene.place = {"code": service.code if kind == "public-services" else place.code}
            scene.body = None if route.method == "GET" else RECORDS[route.path.rpartition("/")[2].replace("{code}", kind)]


async def _proposed(bench: Bench, scene: "Scene", body: BodyRecord, refusal: bool) -> None:
    who, fields = Author("body-admin", "water-office", "test"), {"online": [True, False]}
    made = await bench.node.run(lambda tx: proposal_store.add(tx.conn, who, tx.now, body.key, 1, None, fields, None))
    scene.place, scene.body = {"number": str(made.id)}, {"reason": "No decree says so."} if refusal else None


async def _previewed(bench: Bench, scene: "Scene", id: str) -> None:
    table = (
        "id,family,name_ar,name_fr,name_en,parent,territory,mailbox,opening_hours,successor,closed_on,source,certainty,valid_from,online\n"
    )
    content = f"{table}{id},establishment,فرع,Agence,,,,,,,,invented,A,,\n".encode()
    found = await bench.node.run(lambda tx: preview(tx, Author("national-desk", None, "test"), {"bodies": content}))
    scene.place, scene.headers["If-Match"] = {"id": str(found.id)}, f'"{found.stamp}"'
