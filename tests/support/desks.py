"""Routing on a real store, with Noria's rules in it, and the desk's interface in one line a call."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from services.routing.packs import adopt
from shared.contracts.complaint import Header
from shared.contracts.private import Papers, Person
from shared.contracts.states import Case, Filing
from shared.messaging.directory import DirectoryCache
from tests.support import desk
from tests.support.stores import Bench, Opener, fact

OFFICE, WATERS, NATIONAL = ("body-agent", "water-office"), ("body-agent", "ministry-waters"), ("national-desk", None)
Who = tuple[str, str | None]


@dataclass
class Desks:
    """A routing service and a client of it. `who` is a role and its body."""

    bench: Bench
    client: httpx.AsyncClient

    async def file(self, filing: Filing | None = None, **values: Any) -> Header:
        """A complaint arrives from intake, by default one about a water bill."""
        header = desk.header(**values)
        await self.bench.deliver(fact("intake", header, 1, filing or desk.filing()))
        return header

    async def get(self, path: str, who: Who = NATIONAL, **query: Any) -> httpx.Response:
        return await self.client.get(path, headers=self.bench.token(*who), params=query)

    async def send(self, who: Who, path: str, version: int | None, method: str, asked: Any) -> httpx.Response:
        """A change of what has this version."""
        headers = self.bench.token(*who) | ({} if version is None else {"If-Match": f'"{version}"'})
        return await self.client.request(method, path, headers=headers, json=asked)

    async def case(self, header: Header, who: Who = NATIONAL) -> dict[str, Any]:
        """The case as someone reads it; fails where they may not."""
        response = await self.get(f"/v1/cases/{header.reference}", who)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        assert response.headers["ETag"] == f'"{found["version"]}"'
        return found

    async def act(
        self, who: Who, header: Header, command: str, version: int | str | None, method: str = "POST", **asked: Any
    ) -> httpx.Response:
        # Escaped to ASCII, so that half a surrogate pair can be sent too.
        content = json.dumps(asked) if asked else None
        headers = {"Content-Type": "application/json"} if asked else {}
        headers |= {} if version is None else {"If-Match": f'"{version}"' if isinstance(version, int) else version}
        path = f"/v1/cases/{header.reference}/{command}"
        return await self.client.request(method, path, headers=self.bench.token(*who) | headers, content=content)

    async def done(self, who: Who, header: Header, command: str, version: int, method: str = "POST", **asked: Any) -> dict[str, Any]:
        """A decision that is taken: the fresh case, whose version is the next."""
        response = await self.act(who, header, command, version, method, **asked)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        assert (response.headers["ETag"], found["version"]) == (f'"{version + 1}"', version + 1)
        return found

    async def put(self, who: Who, path: str, **asked: Any) -> httpx.Response:
        return await self.client.put(path, headers=self.bench.token(*who), json=asked)

    async def law(self, **changes: Any) -> str:
        """A later version of the law on complaints, with these changes; cases are filed under its name."""
        record = desk.with_law(version=2, **changes).records["procedure/complaint@2"]
        await self.bench.deliver(record)
        self.bench.node.cache = DirectoryCache(self.bench.node.db)  # whose snapshot is a second old
        return "complaint@2"

    async def told(self) -> list[tuple[str, int, Case]]:
        """Routing's facts since the last look: name, version, case."""
        return [(name, body.version, body.case) for name, body in await self.bench.take_outbox() if hasattr(body, "case")]

    async def papers(self, header: Header, version: int = 1) -> None:
        """The filer's documents arrive."""
        person = Person(name="Amal", email="amal@noria.example", language="ar")
        given = {"version": version, "complaint_id": header.id, "reference": header.reference, "person": person}
        await self.bench.deliver(Papers(**given, subject="Bill", narrative="The bill is wrong."))  # type: ignore[arg-type]


async def open_desks(open_store: Opener) -> Desks:
    bench: Bench = await open_store("routing")
    await bench.node.run(partial(lambda pack, tx: adopt(tx, pack), desk.noria_pack()))
    return Desks(bench, bench.client())


def refused(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem document."""
    assert response.headers["Content-Type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]
