"""A directory of the country's size, for trials of it: the pack's real records, and generated ones up to the published counts.

12 regions, 75 provinces and prefectures, 1,503 communes; 1,750 bodies (38 ministries, 1,590 collectivities, the others
establishments). What is generated says so in its name (générée, مولدة) and a body in its source too.

`python -m tests.support.generated <folder>` writes territories.csv and bodies.csv for `import-directory`.
"""

import sys
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

from services.routing.directory.pack import Pack, load
from services.routing.directory.tables import written
from shared.contracts.directory import BodyRecord, Directory, DirectoryRecord, TerritoryRecord

MOROCCO = Path(__file__).parents[2] / "deploy/packs/morocco"
COMMUNES, BODIES, MINISTRIES = 1_503, 1_750, 38
GENERATED = "generated for trials: no real body"


@cache
def morocco() -> Pack:
    return load(MOROCCO)


def directory() -> Directory:
    """The whole of it; the same each time."""
    pack = morocco().directory
    places = pack.updated(_communes(pack))
    return places.updated(_bodies(places))


def _communes(pack: Directory) -> Iterator[DirectoryRecord]:
    provinces = sorted(code for code, place in pack.territories.items() if place.level == "province")
    missing = COMMUNES - sum(place.level == "commune" for place in pack.territories.values())
    assert pack.pack
    for n in range(1, missing + 1):
        province = provinces[n % len(provinces)]
        code = f"{province[:5]}{90 + n // len(provinces) // 99:02}{n // len(provinces) % 99 + 1:02}"
        name = {"ar": f"جماعة مولدة {n}", "fr": f"Commune générée {n}"}
        yield TerritoryRecord(code=code, level="commune", parent=province, name=name, valid_from=pack.pack.valid_from)


def _bodies(places: Directory) -> Iterator[DirectoryRecord]:
    held = {body.territory for body in places.bodies.values() if body.family == "territorial"}
    ministries = sum(body.family == "ministry" for body in places.bodies.values())
    left = BODIES - len(places.bodies)
    for n in range(1, MINISTRIES - ministries + 1):
        yield _body(f"ministry-generated-{n}", "ministry", n, None, places)
        left -= 1
    for n, code in enumerate(sorted(places.territories.keys() - held), 1):
        if left:
            yield _body(f"collectivity-{code}", "territorial", n, code, places)
            left -= 1
    for n in count(1):
        if left == 0:
            return
        yield _body(f"establishment-generated-{n}", "establishment", n, None, places)
        left -= 1


def _body(id: str, family: str, n: int, territory: str | None, places: Directory) -> BodyRecord:
    assert places.pack
    return BodyRecord.model_validate(
        {
            "id": id,
            "family": family,
            "name": {"ar": f"هيئة مولدة {n}", "fr": f"Organisme généré {n}, dit « {id} »"},
            "territory": territory,
            "parent": "ministry-interior" if family == "territorial" else None,
            "mailbox": f"{id}@bodies.example",
            "opening_hours": "Mo-Th 08:30-16:30; Fr 08:30-12:00,14:00-16:30",
            "source": GENERATED,
            "certainty": "I",
            "valid_from": places.pack.valid_from,
        }
    )


def main(folder: Path) -> None:
    found = directory()
    assert found.pack
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("territories", "bodies"):
        (folder / f"{kind}.csv").write_text(written(kind, found, found.pack.page_languages), encoding="utf-8", newline="")
    sys.stdout.write(f"{len(found.territories)} territories and {len(found.bodies)} bodies in {folder}; most are generated\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
