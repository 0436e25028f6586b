"""The operator's commands as a person runs them, on a platform with complaints in it, whole and damaged."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import asyncpg
import pytest

from deploy.local.environment import SERVICES
from deploy.local.home import REPO
from deploy.local.people import Citizen, World, wait
from deploy.local.processes import clean_environment
from shared.contracts.registry import FACT_TOPICS

CANARY = "qanariyya-operator"
PARKED = """
    insert into dead_letters (consumer, topic, partition, "offset", headers, reason)
    values ('deadlines.main', 'directory', 0, -1, '[]', 'test')"""


def wasl(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = clean_environment() | {"WASL_HOME": str(home)}
    command = [sys.executable, "-m", "deploy.local.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=REPO, env=env, timeout=90)


def lines(done: subprocess.CompletedProcess[str]) -> dict[str, list[str]]:
    """The cells of each line, by its first one."""
    return {cells[0]: cells[1:] for line in done.stdout.splitlines() if (cells := re.split(r"\s{2,}", line.strip()))}


@pytest.fixture(scope="module")
def lived(world: World) -> Citizen:
    """Filed, asked and supplied; the words are the canary's."""
    person = {"name": CANARY, "email": f"{CANARY}@example.org", "language": "fr"}
    citizen = world.file(public_service="water-bill", territory="010020101", narrative=CANARY, subject=CANARY, filer=person)
    office = world.staff("body-agent", "water-office")
    citizen.until(lambda p: p["due"] and p["body"])
    assert office.do(citizen.reference, "information-requests", text=CANARY).status_code == 200
    page, desk = citizen.until(lambda p: p["requests"]), world.staff("national-desk")
    # Supplied at once, nobody would be told of the request any more.
    wait(lambda: desk.notices(citizen.reference), lambda told: ("information-requested", "sent") in {(n["code"], n["state"]) for n in told})
    assert citizen.act("information", request_id=page["requests"][0]["id"], text=CANARY).is_success
    citizen.until(lambda p: p["status"] == "with_body")
    return citizen


def test_check_counts_the_same_in_all_five(world: World, lived: Citizen) -> None:
    done = wasl(world.platform.home.path, "check")
    assert done.returncode == 0, done.stdout + done.stderr
    told = lines(done)
    assert set(told["filed"]) == {told["filed"][0]} != {"0"}
    assert len(told["filed"]) == len(SERVICES) + 1
    closed = [int(told[name][0]) for name in ("answered", "refused", "withdrawn", "lapsed")]
    assert int(told["filed"][0]) == int(told["open"][0]) + sum(closed)
    assert "equal: 12 of 12 partitions" in done.stdout


DAMAGES = {
    "a fact that was lost": (
        "notifications",
        "update register set routing_version = routing_version - 1 where reference = $1",
        "facts of routing",
    ),
    "a complaint that was lost": ("deadlines", "delete from register where reference = $1", "filed"),
    "a row of the figures": (
        "stats",
        "delete from complaint_fact where complaint_id = (select complaint_id from register where reference = $1)",
        "open: intake",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_check_finds_the_one_that_differs(world: World, lived: Citizen, damage: str) -> None:
    service, statement, named = DAMAGES[damage]
    async with damaged(world, service, statement, lived.reference):
        done = await asyncio.to_thread(wasl, world.platform.home.path, "check")
    assert done.returncode == 1
    assert named in done.stdout, done.stdout
    assert f"`wasl trace {lived.reference}`" in done.stdout


@asynccontextmanager
async def damaged(world: World, service: str, statement: str, reference: str) -> AsyncIterator[None]:
    """Both tables are put back as they were."""
    tables = ["register", "complaint_fact"] if service == "stats" else ["register"]
    store = await asyncpg.connect(world.platform.pg_url(f"wasl_{service}", "postgres", "postgresql"))
    where = "where complaint_id = $1"
    try:
        id = await store.fetchval("select complaint_id from register where reference = $1", reference)
        for table in tables:
            await store.execute(f"create temp table kept_{table} as select * from {table}")
        await store.execute(statement, reference)
        yield
        for table in tables:
            await store.execute(f"delete from {table} {where}", id)
            await store.execute(f"insert into {table} select * from kept_{table} {where}", id)
    finally:
        await store.close()


def test_check_says_who_is_behind(world: World, lived: Citizen) -> None:
    world.platform.kill_service("stats", SIGSTOP)
    try:
        citizen = world.file()
        citizen.until(lambda p: p["due"])
        done = wasl(world.platform.home.path, "check", "--wait", "1")
        assert done.returncode == 1
        assert re.search(r"partition \d+ was never at rest: .*stats is \d+ behind in complaints-intake", done.stdout), done.stdout
        assert "see `wasl status`" in done.stdout
        seen = wasl(world.platform.home.path, "trace", citizen.reference)
        assert "NOT TAKEN by stats" in seen.stdout, seen.stdout + seen.stderr
        assert lines(seen)["stats"][3] == "UNKNOWN HERE"
        page = wasl(world.platform.home.path, "status")
        assert page.returncode == 1
        assert "stats: does not answer" in page.stdout
        assert int(lines(page)["stats"][1]) > 0
    finally:
        world.platform.kill_service("stats", SIGCONT)
    wait(lambda: wasl(world.platform.home.path, "check").returncode, lambda code: code == 0)


def test_trace_shows_every_writer_in_every_store_every_fact_and_nobodys_words(world: World, lived: Citizen) -> None:
    desk = world.staff("national-desk")
    wait(lambda: desk.notices(lived.reference), lambda told: told and all(n["state"] in ("sent", "skipped") for n in told))
    done = wasl(world.platform.home.path, "trace", lived.reference.lower())
    assert done.returncode == 0, done.stderr
    stores, _, rest = done.stdout.partition("facts on the log")
    told = {cells[0]: cells[1:] for line in stores.splitlines() if len(cells := line.split()) > 5}
    assert {name: told[name][:2] for name in SERVICES} == {name: ["2", "3"] for name in SERVICES}
    assert len({tuple(told[name][:4]) for name in SERVICES}) == 1
    facts = [line.split() for line in rest.splitlines() if line.strip().startswith("complaints-")]
    assert {topic for cells in facts for topic in FACT_TOPICS if cells[0].startswith(topic)} == set(FACT_TOPICS)
    assert [cells[3] for cells in facts if cells[0].startswith("complaints-routing")] == [
        "complaint-routed",
        "information-requested",
        "information-received",
    ]
    assert "NOT TAKEN" not in rest
    assert re.search(r"^  answer +body +water-office +running", rest, re.MULTILINE)
    assert re.search(r"^  information-requested +filer +sent", rest, re.MULTILINE)
    assert "dead letters: none" in rest
    assert CANARY not in done.stdout
    assert lived.receipt["secret"] not in done.stdout


@pytest.mark.parametrize(
    ("reference", "said"), [("0000-0000-0", "no service knows"), ("7KQ4-XM2D-6", "check character"), ("x", "nine letters")]
)
def test_trace_refuses_what_it_cannot_find_and_says_why(world: World, reference: str, said: str) -> None:
    done = wasl(world.platform.home.path, "trace", reference)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_status_is_one_page_on_which_all_is_well(world: World, lived: Citizen) -> None:
    wait(lambda: wasl(world.platform.home.path, "status").stdout, lambda page: page.endswith("all is well\n"))
    done = wasl(world.platform.home.path, "status")
    assert done.returncode == 0
    told = lines(done)
    assert {name: told[name][0] for name in SERVICES} == dict.fromkeys(SERVICES, "yes")
    assert {name: told[name][-1] for name in SERVICES} == {name: "-" if name == "stats" else "held" for name in SERVICES}
    assert len(done.stdout.splitlines()) < 24


async def test_status_names_the_dead_letters_and_the_command_that_shows_them(world: World, lived: Citizen) -> None:
    store = await asyncpg.connect(world.platform.pg_url("wasl_deadlines", "postgres", "postgresql"))
    try:
        await store.execute(PARKED)
        done = await asyncio.to_thread(wasl, world.platform.home.path, "status")
        await store.execute('delete from dead_letters where "offset" = -1')
    finally:
        await store.close()
    assert done.returncode == 1
    assert "deadlines: 1 dead letters" in done.stdout
    assert "python -m services.deadlines dead-letters list" in done.stdout


@pytest.mark.parametrize("command", ["check", "trace", "status"])
def test_each_has_help_and_says_what_to_do_where_nothing_runs(tmp_path: Path, command: str) -> None:
    helped = wasl(tmp_path, command, "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert len(helped.stdout.splitlines()) > 4
    done = wasl(tmp_path, command, *(["7KQ4-XM2N-3"] if command == "trace" else []))
    assert done.returncode == 1
    assert "`make up` starts it" in done.stderr
