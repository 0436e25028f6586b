"""Brings the schemas of all services to their heads in one process, which gets the owners' URLs as JSON on standard input."""

import json
import sys

from shared.runtime.migrate import upgrade


def main() -> None:
    for service, owner_url in json.load(sys.stdin).items():
        upgrade(service, owner_url)


if __name__ == "__main__":
    main()
