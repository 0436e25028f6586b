"""The commands of every service: serve, migrate, recover, republish, dead-letters. Each failure says the next step."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

from shared.messaging import dead_letters, positions
from shared.messaging.dead_letters import DeadLetter
from shared.messaging.engine import POISON_LIMIT, Stop
from shared.messaging.node import Node
from shared.messaging.recover import recover
from shared.messaging.republish import NotEmpty, republish
from shared.messaging.service import Service
from shared.runtime import migrate
from shared.runtime.app import run
from shared.runtime.db import transient
from shared.runtime.logs import configure
from shared.runtime.memory import settle
from shared.runtime.settings import load


def main(service: Service) -> None:
    """Runs one command of a service and ends the process with its exit code."""
    arguments = _parser(service).parse_args()
    settings = load(service.settings)
    configure(service.name, settings.log_format, settings.log_level)
    if arguments.command == "serve":
        run(service.app(service.node(settings)), settings)
        return
    if arguments.command == "migrate":
        sys.exit(_migrate(service.name, settings.owner_database_url))
    settle()
    sys.exit(asyncio.run(_offline(service, service.node(settings), arguments)))


def _parser(service: Service) -> argparse.ArgumentParser:
    name = service.name
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{name}", description=f"The {name} service of Wasl. Settings come from WASL_… variables."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the service: HTTP, consumer, relay, loops")
    commands.add_parser("migrate", help="bring the store's schema to its head (WASL_OWNER_DATABASE_URL)")
    commands.add_parser("recover", help="take back from the log what a restored store has lost; serve does it too at each start")
    commands.add_parser("republish", help="fill this service's emptied topics again from its store; services stopped")
    dead = commands.add_parser("dead-letters", help="records that could not be taken")
    dead.add_argument("action", choices=("list", "show", "replay", "discard", "resume"))
    dead.add_argument("id", nargs="?", type=int, help="which one; replay without it takes all, oldest first; discard needs it")
    for own in service.commands:
        command = commands.add_parser(own.name, help=own.help, description=own.help)
        command.set_defaults(argument="")
        if own.argument:
            command.add_argument("argument", metavar=own.argument)
        for option, meaning in own.options:
            command.add_argument(f"--{option}", help=meaning)
    return parser


def _migrate(name: str, owner_url: str | None) -> int:
    if not owner_url:
        print("WASL_OWNER_DATABASE_URL is not set: migrations run as the store's owner, never as the app", file=sys.stderr)
        return 2
    migrate.upgrade(name, owner_url)
    return 0


async def _offline(service: Service, node: Node, arguments: argparse.Namespace) -> int:
    work: dict[str, Callable[[Node, argparse.Namespace], Awaitable[int]]] = {
        "recover": _recover,
        "republish": _republish,
        "dead-letters": _dead_letters,
    }
    try:
        for own in service.commands:
            if own.name == arguments.command:
                return await own.run(node, arguments.argument, **{name: getattr(arguments, name) for name, _ in own.options})
        return await work[arguments.command](node, arguments)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.code
    except Exception as error:
        if not transient(error):
            raise
        print(f"the store of {service.name} does not answer; start its database, then run this again", file=sys.stderr)
        return 1
    finally:
        await node.stop()


async def _recover(node: Node, arguments: argparse.Namespace) -> int:
    await node.open()
    moved = await recover(node.spec, node.db, node.clock, node.cache, node.observer, node.topic_ids)
    print(f"recovered {moved}")
    return 0


async def _republish(node: Node, arguments: argparse.Namespace) -> int:
    await node.open()
    try:
        sent = await republish(node.spec.name, node.db, node.clock, node.observer, node.producer)
    except NotEmpty as refused:
        print(refused, file=sys.stderr)
        return 1
    print(f"republished {sent}")
    return 0


async def _dead_letters(node: Node, arguments: argparse.Namespace) -> int:
    if arguments.action == "resume":
        async with node.db.begin() as conn:
            resumed = await positions.resume(conn, node.consumer, POISON_LIMIT - 1)
        print(f"resumed {resumed} partitions; start the service again")
        return 0
    async with node.db.begin() as conn:
        letters = await dead_letters.listed(conn, id=arguments.id)
    if arguments.action == "discard":
        return await _discard(node, arguments.id)
    if arguments.action == "replay":
        return max([await _replay(node, letter) for letter in letters], default=0)
    for letter in letters:
        _print(letter, whole=arguments.action == "show")
    return 0 if letters or arguments.id is None else 1


async def _replay(node: Node, letter: DeadLetter) -> int:
    try:
        await node.engine.replay(letter.raw)
    except Exception as error:
        print(f"{letter.id}: still refused: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    async with node.db.begin() as conn:
        await dead_letters.done(conn, letter.id)
    print(f"{letter.id}: taken")
    return 0


async def _discard(node: Node, id: int | None) -> int:
    if id is None:
        print("name the one to discard; `dead-letters list` shows them", file=sys.stderr)
        return 2
    async with node.db.begin() as conn:
        gone = await dead_letters.discard(conn, id)
    print(f"{id}: {'discarded' if gone else 'no such dead letter'}")
    return 0 if gone else 1


def _print(letter: DeadLetter, *, whole: bool) -> None:
    raw = letter.raw
    print(f"{letter.id}\t{letter.at:%Y-%m-%dT%H:%M:%SZ}\t{raw.topic}/{raw.partition}@{raw.offset}\t{letter.reason}")
    if whole:
        print(f"key\t{raw.key!r}")
        for name, value in raw.headers:
            print(f"{name}\t{value!r}")
        print((raw.value or b"").decode(errors="backslashreplace"))
