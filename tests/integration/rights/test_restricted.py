"""A restricted complaint at the services that show it beside intake and routing: to the restricted desk, and to nobody else."""

import pytest

from shared.contracts.states import Case, Filing
from tests.support import desk
from tests.support.stores import Opener, fact

NOBODY_ELSE = [("national-desk", None), ("auditor", None), ("body-agent", "water-office"), ("body-admin", "ministry-waters")]
CASE = Case(status="triage", kind="complaint", restricted=True)


@pytest.mark.parametrize(("service", "path"), [("deadlines", "/v1/complaints/{}/deadlines"), ("notifications", "/v1/notices?reference={}")])
async def test_only_the_restricted_desk_sees_it(open_store: Opener, service: str, path: str) -> None:
    bench = await open_store(service)
    header = desk.header(body="water-office")
    await bench.deliver(fact("intake", header, 1, Filing(language="fr", restricted=True)))
    async with bench.client() as client:

        async def statuses() -> list[int]:
            others = [await client.get(path.format(header.reference), headers=bench.token(*who)) for who in NOBODY_ELSE]
            own = await client.get(path.format(header.reference), headers=bench.token("national-desk", restricted=True))
            return [answer.status_code for answer in (*others, own)]

        # Before routing has said anything the filing's own word counts; then routing's, which may also lift it.
        assert await statuses() == [404, 404, 404, 404, 200]
        await bench.deliver(fact("routing", header, 1, CASE))
        assert await statuses() == [404, 404, 404, 404, 200]
        await bench.deliver(fact("routing", header, 2, CASE.model_copy(update={"restricted": False})))
        assert await statuses() == [200, 200, 404, 404, 200]
