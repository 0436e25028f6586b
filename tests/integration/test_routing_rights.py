"""Who sees and does what at the desk, and what a wrong request is told."""

from itertools import product
from typing import Any

from tests.support import desk
from tests.support.desks import NATIONAL, OFFICE, WATERS, Desks, Who, refused

AUDITOR, OPERATOR, CHIEF = ("auditor", None), ("operator", None), ("body-admin", "ministry-waters")
COMMANDS: dict[str, dict[str, Any]] = {
    "take-up": {},
    "assignment": {"body": "ministry-towns", "reason": "competence"},
    "information-requests": {"text": "Which month?"},
    "extensions": {"clock": "answer", "reason": "third-party"},
    "response": {"outcome": "favourable", "reasons": "Done."},
}


async def references(desks: Desks, who: Who, **query: Any) -> set[str]:
    response = await desks.get("/v1/cases", who, **query)
    assert response.status_code == 200, response.text
    return {case["reference"] for case in response.json()["cases"]}


async def test_everyone_sees_their_scope_and_nothing_else(desks: Desks) -> None:
    office = await desks.file()
    waters = await desks.file(public_service="dams")
    triage = await desks.file(public_service=None)
    # water-office lies below ministry-waters: its admin sees both, its agents only their own.
    scopes: dict[Who, set[str]] = {
        OFFICE: {office.reference},
        ("approver", "water-office"): {office.reference},
        ("machine", "water-office"): {office.reference},
        ("body-admin", "water-office"): {office.reference},
        WATERS: {waters.reference},
        CHIEF: {office.reference, waters.reference},
        ("body-agent", "no-such-body"): set(),
        NATIONAL: {office.reference, waters.reference, triage.reference},
        AUDITOR: {office.reference, waters.reference, triage.reference},
    }
    for who, expected in scopes.items():
        assert await references(desks, who) == expected
        for header in (office, waters, triage):
            response = await desks.get(f"/v1/cases/{header.reference}", who)
            seen = header.reference in expected
            assert response.status_code == 200 if seen else refused(response) == (404, "case-unknown")


async def test_a_filter_by_body_opens_no_other_scope(desks: Desks) -> None:
    office, waters = await desks.file(), await desks.file(public_service="dams")
    assert await references(desks, OFFICE, body="ministry-waters") == set()
    assert await references(desks, CHIEF, body="water-office") == {office.reference}
    assert await references(desks, NATIONAL, body="ministry-waters") == {waters.reference}


async def test_another_body_s_case_is_unknown_to_every_command(desks: Desks) -> None:
    header = await desks.file()
    nowhere = desk.header()
    for command, asked in COMMANDS.items():
        other, nothing = [await desks.act(WATERS, case, command, 1, **asked) for case in (header, nowhere)]
        assert refused(other) == refused(nothing) == (404, "case-unknown")
        assert other.json() == nothing.json()


async def test_auditors_and_operators_decide_nothing(desks: Desks) -> None:
    header = await desks.file()
    for who, (command, asked) in product((AUDITOR, OPERATOR), COMMANDS.items()):
        assert refused(await desks.act(who, header, command, 1, **asked)) == (403, "role-not-allowed")
    assert (await desks.case(header))["version"] == 1


async def test_operators_see_no_case(desks: Desks) -> None:
    header = await desks.file()
    for path in ("/v1/cases", f"/v1/cases/{header.reference}"):
        assert refused(await desks.get(path, OPERATOR)) == (403, "role-not-allowed")


async def test_without_a_good_token_there_is_nothing(desks: Desks) -> None:
    header = await desks.file()
    calls = [("GET", "/v1/cases"), ("GET", f"/v1/cases/{header.reference}"), ("GET", f"/v1/audit?reference={header.reference}")]
    calls += [("POST", f"/v1/cases/{header.reference}/{command}") for command in COMMANDS]
    calls += [("PUT", f"/v1/cases/{header.reference}/response")]
    secret = "Bearer s1.AAAAAAAAAAAAAAAAAAAAAAAAAAA"  # a citizen's, good at intake only
    tokens = {None: "token-missing", "Basic YTpi": "token-missing", secret: "token-invalid", "Bearer a.b.c": "token-invalid"}
    for (token, code), (method, path) in product(tokens.items(), calls):
        given = {"Authorization": token} if token else {}
        response = await desks.client.request(method, path, headers=given | {"If-Match": '"1"'})
        assert refused(response) == (401, code), (token, path)


async def test_a_decision_names_the_version_it_was_taken_on(desks: Desks) -> None:
    header = await desks.file()
    missing, stale, invalid = (428, "if-match-missing"), (412, "version-stale"), (400, "if-match-invalid")
    matches = {None: missing, '"2"': stale, '"0"': stale, "*": invalid, 'W/"1"': invalid, "1": invalid}
    for (match, problem), (command, asked) in product(matches.items(), COMMANDS.items()):
        assert refused(await desks.act(OFFICE, header, command, match, **asked)) == problem, (match, command)
    assert (await desks.case(header))["version"] == 1


async def test_a_wrong_field_is_named(desks: Desks) -> None:
    header = await desks.file()
    wrong: list[tuple[str, dict[str, Any], str, str]] = [
        ("assignment", {"reason": "competence"}, "body", "invalid-field"),
        ("assignment", {"body": "ministry-waters", "reason": "competence", "note": "x"}, "note", "invalid-field"),
        ("information-requests", {"text": "   "}, "text", "invalid-field"),
        ("information-requests", {"text": "x" * 10_001}, "text", "invalid-field"),
        ("information-requests", {"text": "a\0b"}, "text", "invalid-text"),
        ("information-requests", {"text": "a\ud800b"}, "text", "invalid-text"),
        ("response", {"outcome": "favourable", "reasons": "x" * 20_001}, "reasons", "invalid-field"),
        ("response", {"outcome": 1, "reasons": "x"}, "outcome", "invalid-field"),
        ("extensions", {"clock": "answer"}, "reason", "invalid-field"),
    ]
    for command, asked, field, code in wrong:
        response = await desks.act(OFFICE, header, command, 1, **asked)
        assert (refused(response), response.json()["field"]) == ((422, code), field), (command, field)


async def test_a_reference_is_read_as_people_write_it(desks: Desks) -> None:
    header = await desks.file()
    written = header.reference.lower().replace("-", "")
    assert (await desks.get(f"/v1/cases/{written}", OFFICE)).json()["reference"] == header.reference
    for wrong in ("x", "0000-0000-1", "%D9%A1"):
        assert refused(await desks.get(f"/v1/cases/{wrong}", OFFICE)) == (404, "case-unknown")


async def test_papers_are_for_those_who_work_on_the_case_and_each_read_is_audited(desks: Desks) -> None:
    header = await desks.file()
    await desks.papers(header)
    assert (await desks.case(header, OFFICE))["papers"]["narrative"] == "The bill is wrong."
    assert (await desks.case(header, NATIONAL))["papers"]["person"]["name"] == "Amal"
    audited = await desks.case(header, AUDITOR)
    assert (audited["papers"], audited["answers"], audited["case"]["body"]) == (None, None, "water-office")
    await desks.done(OFFICE, header, "take-up", 1)
    assert refused(await desks.get(f"/v1/cases/{header.reference}", WATERS)) == (404, "case-unknown")
    for who in (AUDITOR, NATIONAL):
        entries = (await desks.get("/v1/audit", who, reference=header.reference)).json()["entries"]
        assert [(e["role"], e["body"], e["action"]) for e in entries] == [
            ("body-agent", "water-office", "read-papers"),
            ("national-desk", None, "read-papers"),
            ("body-agent", "water-office", "take-up"),
        ]
        assert all(e["sub"] and e["at"] == "2026-03-02T10:00:00.000Z" and e["reference"] == header.reference for e in entries)
    for barred in (OFFICE, OPERATOR):
        assert refused(await desks.get("/v1/audit", barred, reference=header.reference)) == (403, "role-not-allowed")


async def test_the_audit_is_read_page_by_page(desks: Desks) -> None:
    header = await desks.file()
    for _ in range(5):
        await desks.case(header, OFFICE)
    seen, cursor = [], None
    while True:
        query = {"reference": header.reference, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await desks.get("/v1/audit", AUDITOR, **query)).json()
        seen.append(len(page["entries"]))
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [2, 2, 1]
    assert refused(await desks.get("/v1/audit", AUDITOR, reference=header.reference, cursor="bm8")) == (422, "cursor-invalid")
    assert refused(await desks.get("/v1/audit", AUDITOR, reference="nothing")) == (422, "invalid-field")
    assert refused(await desks.get("/v1/audit", AUDITOR, reference=desk.header().reference)) == (404, "case-unknown")
