"""A body's own case system at the desk's API, in sixty lines: takes what is due, answers it, and may be stopped at any moment.

DESK=https://desk.example TOKEN=... python docs/guides/desk_client.py      (a machine token of the body)
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from uuid import NAMESPACE_URL, uuid5

DESK, TOKEN = os.environ["DESK"], os.environ["TOKEN"]


class Refused(Exception):
    def __init__(self, problem):
        """A problem document: `code` is stable, `detail` says what to do."""
        super().__init__(problem["detail"])
        self.status, self.code = problem["status"], problem["code"]


def call(method, path, body=None, version=None, key=None):
    """One request. A key makes it safe to send again: the first answer comes back and nothing is done twice."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    headers |= {"If-Match": f'"{version}"'} if version is not None else {}
    headers |= {"Idempotency-Key": str(uuid5(NAMESPACE_URL, key))} if key else {}
    request = urllib.request.Request(DESK + path, json.dumps(body).encode() if body else None, headers, method=method)
    try:
        return json.load(urllib.request.urlopen(request, timeout=30))
    except urllib.error.HTTPError as error:
        raise Refused(json.load(error)) from None


def cases(**filters):
    """Every case that fits, the most urgent first, page after page."""
    cursor = {}
    while cursor is not None:
        page = call("GET", "/v1/cases?" + urllib.parse.urlencode({**filters, **cursor}))
        yield from page["cases"]
        cursor = {"cursor": page["next"]} if page["next"] else None


def settle(line, decide):
    """Takes a case up and gives it the answer that the body's own system has for it; None: not yet."""
    path, version = f"/v1/cases/{line['reference']}", line["version"]
    if line["taken_up_at"] is None:
        version = call("POST", f"{path}/take-up", version=version, key=f"{path}/take-up/{version}")["version"]
    if answer := decide(call("GET", path)):
        call("POST", f"{path}/response", answer, version, key=f"{path}/response/{version}")


if __name__ == "__main__":
    answers = json.load(sys.stdin)  # by reference: {"7KQ4-XM2N-3": {"outcome": "favourable", "reasons": "It is ready."}}
    for line in list(cases(status="with_body")):
        try:
            settle(line, lambda case: answers.get(case["reference"]))
        except Refused as no:  # 412: somebody was faster, the next run reads again; 409 approval-missing: a person approves it
            sys.stdout.write(f"{line['reference']} {no.status} {no.code}\n")
