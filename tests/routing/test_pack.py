"""A pack is loaded whole or refused whole, with file, line and reason for every mistake."""

import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from services.routing.directory.documents import Finding, PackRefused
from services.routing.directory.pack import digest, load, main
from shared.contracts.directory import Directory, PackRecord
from shared.contracts.wording import Phrases, tokens

ROOT = Path(__file__).parents[2]
NORIA = ROOT / "tests/packs/noria"
MOROCCO = ROOT / "deploy/packs/morocco"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the invented country's pack that a test may break."""
    return Path(shutil.copytree(NORIA, tmp_path / "noria"))


def edit(pack: Path, file: str, old: str, new: str) -> None:
    """Replaces the first place of a text that must be there."""
    text = (pack / file).read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}"
    (pack / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def line_of(pack: Path, file: str, words: str) -> int:
    """The number of the only line that holds these words."""
    lines = (pack / file).read_text(encoding="utf-8").splitlines()
    (found,) = [number for number, line in enumerate(lines, 1) if words in line]
    return found


def refused(pack: Path) -> tuple[Finding, ...]:
    with pytest.raises(PackRefused) as refusal:
        load(pack)
    return refusal.value.findings


BODIES, TERRITORIES, SERVICES, RULES = "bodies.yaml", "territories.yaml", "public_services.yaml", "rules.yaml"
COMPLAINT, INFORMATION, CALENDAR = "procedures/complaint@1.yaml", "procedures/access-to-information@1.yaml", "calendars/noria.yaml"

# file, text replaced, by, words on the line that must be named, words of the reason
WEEKLY = "calendar: noria\nweekly_list: {{weekday: monday, at: '{}', soon: {{n: 7, unit: working_days, calendar: {}}}}}"
MISTAKES = [
    (BODIES, "fr: Ministère des Villes", "en: Ministry of Towns", "id: ministry-towns", "words in 'fr' are missing"),
    (BODIES, "{ar: وزارة المدن, fr", "{fr", "id: ministry-towns", "words in 'ar' are missing"),
    (BODIES, "fr: Ministère des Villes}", "fr: Ministère des Villes, de: Städte}", "Städte", "'de' is no language of the pack"),
    (BODIES, "source: invented", "source: ''", "id: ministry-towns", "at least 1 character"),
    (BODIES, ", certainty: A", ", certainty: Z", "certainty: Z", "Input should be 'A'"),
    (BODIES, ", source: invented, certainty: A", "", "id: ministry-towns", "source: Field required"),
    (BODIES, "towns@noria.example", "towns.noria.example", "towns.noria.example", "match pattern"),
    (BODIES, "mailbox: towns", "mialbox: towns", "mialbox: towns", "Extra inputs are not permitted"),
    (BODIES, 'territory: "010010102"', 'territory: "010010999"', "010010999", "unknown territory '010010999'"),
    ("pack.yaml", "calendar: noria", WEEKLY.format("09:00", "moon"), "calendar: moon", "unknown calendar 'moon'"),
    ("pack.yaml", "calendar: noria", WEEKLY.format("24:00", "noria"), "24:00", "String should match pattern"),
    (BODIES, 'territory: "010010102", ', "", "id: commune-seconda", "a territorial body has a territory"),
    (BODIES, "parent: ministry-waters", "parent: ministry-fire", "parent: ministry-fire", "unknown body 'ministry-fire'"),
    (BODIES, "successor: water-office", "successor: fire-office", "successor: fire-office", "unknown body 'fire-office'"),
    (BODIES, "    closed_on: 2024-12-31\n", "", "successor: water-office", "says when it closed"),
    (BODIES, "id: commune-quarta", "id: commune-prima", "Commune de Quarta", "'commune-prima' stands already on line 15"),
    (TERRITORIES, 'parent: "010000000"', 'parent: "030000000"', "fr: Alta", "unknown territory '030000000'"),
    (TERRITORIES, 'code: "010020101"', 'code: "010010101"', "fr: Terza", "'010010101' stands already on line 4"),
    (TERRITORIES, 'code: "010020101"', "code: 123456789", "fr: Terza", "should be a valid string"),
    (TERRITORIES, 'commune, parent: "010020000"', 'commune, parent: "010000000"', "fr: Terza", "a commune lies in a province"),
    (TERRITORIES, 'commune, parent: "010020000"', 'commune, division: ward, parent: "010020000"', "fr: Terza", "a ward lies in a commune"),
    (
        TERRITORIES,
        'province, parent: "010000000", name: {ar: باسا',
        'province, division: ward, parent: "010000000", name: {ar: باسا',
        "fr: Bassa",
        "a ward has the level commune",
    ),
    (
        BODIES,
        "successor: water-office",
        "successor: water-office\n    parts: [{body: fire-office}]",
        "fire-office",
        "unknown body 'fire-office'",
    ),
    (
        TERRITORIES,
        "level: region, name: {ar: الجنوب",
        'level: region, parent: "010000000", name: {ar: الجنوب',
        "fr: Sud",
        "lies in nothing",
    ),
    (SERVICES, "body: water-office", "body: fire-office", "fire-office", "unknown body 'fire-office'"),
    (SERVICES, "parent: civil-status", "parent: uncivil-status", "uncivil-status", "unknown public service 'uncivil-status'"),
    (SERVICES, "body: ministry-waters", "body: ministry-waters, parent: water-bill", "fr: Barrages", "'water-bill' is no main subject"),
    (SERVICES, "code: dams", "code: order", "fr: Barrages", "'order' stands already"),
    (SERVICES, "territorial: province", "territorial: street", "territorial: street", "Input should be 'region'"),
    (RULES, "[civil-status]", "[uncivil-status]", "uncivil-status", "unknown public service 'uncivil-status'"),
    (RULES, "[order]", "[order], territories: ['999999999']", "999999999", "unknown territory '999999999'"),
    (RULES, "[order]", "[order], bodies: [fire-office]", "fire-office", "unknown body 'fire-office'"),
    (RULES, "[order]", "[order], procedures: [petition]", "petition", "unknown procedure 'petition'"),
    (RULES, "{kind: triage}", "{kind: body, body: fire-office}", "fire-office", "unknown body 'fire-office'"),
    (RULES, "{kind: triage}", "{kind: body}", "national-triage", "names the body"),
    (RULES, "[civil-status]", "[civil-status], words: ['؟']", "words: ['؟']", "is too short to be found"),
    (
        RULES,
        "  - {id: body-of",
        "  - {id: early, to: {kind: triage}}\n  - {id: body-of",
        "id: national-triage",
        "is never reached: rule 'early'",
    ),
    (RULES, "id: national-triage", "id: fixed-addressee", "kind: triage", "is kept for what the law decides"),
    (RULES, "{kind: triage}", "{kind: dice}", "kind: dice", "Input should be 'body'"),
    (RULES, "id: national-triage", "id: declared-body", "kind: triage", "'declared-body' stands already on line 2"),
    (COMPLAINT, "starts: requested", "starts: asked", "starts: asked", "Input should be 'filed'"),
    (COMPLAINT, "stops: [qualified, answered, closed]", "stops: []", "stops: []", "the clock can never stop"),
    (COMPLAINT, "lapse: {n: 15, unit: calendar_days}, ", "", "requests: {max", "a request needs a lapse"),
    (COMPLAINT, "code: complaint", "code: grievance", "code: grievance", "the file of grievance@1 is procedures/grievance@1.yaml"),
    (COMPLAINT, "procedure: complaint", "procedure: petition", "procedure: petition", "unknown procedure 'petition'"),
    (COMPLAINT, "mode: rule", "mode: fixed, body: fire-office", "fire-office", "unknown body 'fire-office'"),
    (COMPLAINT, 'url: "https://ombudsman.example"', "body: fire-office", "fire-office", "unknown body 'fire-office'"),
    (COMPLAINT, "{ar: استجابة, fr: Suite favorable}", "{ar: استجابة}", "code: favourable", "words in 'fr' are missing"),
    (COMPLAINT, "retention:", "retentoin:", "retentoin:", "Extra inputs are not permitted"),
    (INFORMATION, "working_days, calendar: noria}", "working_days, calendar: mars}", "calendar: mars", "unknown calendar 'mars'"),
    (INFORMATION, "field: urgent", "field: urgency", "field: urgency", "field 'urgency' is not in the form"),
    (INFORMATION, "      reasons: &reasons", "      reasons: []\n      sources: &reasons", "sources:", "Extra inputs are not permitted"),
    (CALENDAR, "2026-10-12", "2026-01-01, source: again", "source: again", "2026-01-01 is listed twice"),
    (CALENDAR, "kind: predicted", "kind: rumoured", "kind: rumoured", "Input should be 'civil'"),
    (CALENDAR, "code: noria", "code: nora", "code: nora", "the file of this calendar is calendars/nora.yaml"),
    (CALENDAR, "time_zone: Africa/Tunis", "time_zone: Africa/Cairo", "Africa/Cairo", "differs from the pack's time zone"),
    (CALENDAR, "2025-10-13", "2025-13-13", "2025-13-13", "valid date"),
    ("pack.yaml", "calendar: noria", "calendar: mars", "calendar: mars", "unknown calendar 'mars'"),
    ("pack.yaml", "languages: [ar, fr]", "languages: [ar, fr, de]", "languages: [ar, fr, de]", "'de' is not among page_languages"),
    ("pack.yaml", "version: 1", "version: one", "version: one", "valid integer"),
    ("pack.yaml", "version: 1", "version: 1\nversion: 2", "version: 2", "key 'version' stands twice"),
    (BODIES, "bodies:", "offices:", "offices:", "the file holds one list, named bodies"),
    (SERVICES, "  - {code: dams", "  - dams\n  - {code: dams", "- dams", "should be a mapping"),
    (RULES, "{kind: triage}", "{kind: triage]", "kind: triage]", "no valid YAML"),
]


@pytest.mark.parametrize(("file", "old", "new", "where", "reason"), MISTAKES)
def test_a_mistake_is_named_with_file_and_line(pack: Path, file: str, old: str, new: str, where: str, reason: str) -> None:
    edit(pack, file, old, new)
    line = line_of(pack, file, where)
    assert [finding for finding in refused(pack) if (finding.file, finding.line) == (file, line) and reason in finding.reason]


def test_parents_in_a_circle(pack: Path) -> None:
    edit(pack, BODIES, "family: ministry, mailbox: waters", "family: ministry, parent: water-office, mailbox: waters")
    line = line_of(pack, BODIES, "id: ministry-waters")
    assert Finding(BODIES, line, "bodies.1.parent: 'ministry-waters' is its own ancestor") in refused(pack)


def test_absent_files_and_folders(pack: Path) -> None:
    (pack / RULES).unlink()
    shutil.rmtree(pack / "procedures")
    assert {(finding.file, finding.reason) for finding in refused(pack)} == {
        (RULES, "cannot be read: No such file or directory"),
        ("procedures", "the folder is absent or holds no *.yaml"),
    }


def test_bytes_that_are_no_text(pack: Path) -> None:
    (pack / RULES).write_bytes(b"rules: [\xff]")
    assert [(finding.file, finding.line) for finding in refused(pack)] == [(RULES, 1)]


def test_all_mistakes_of_all_files_are_named_in_one_run(pack: Path) -> None:
    edit(pack, BODIES, "parent: ministry-waters", "parent: ministry-fire")
    edit(pack, SERVICES, "body: ministry-waters", "body: fire-office")
    edit(pack, COMPLAINT, "starts: requested", "starts: asked")
    edit(pack, CALENDAR, "kind: predicted", "kind: rumoured")
    assert [finding.file for finding in refused(pack)] == [BODIES, CALENDAR, COMPLAINT, SERVICES]


def test_one_broken_entry_does_not_make_references_to_it_look_broken(pack: Path) -> None:
    edit(pack, BODIES, "fr: Ministère des Villes}, family: ministry", "fr: Ministère des Villes}, family: family")
    assert [(finding.file, finding.line) for finding in refused(pack)] == [(BODIES, line_of(pack, BODIES, "family: family"))]


def test_words_like_on_and_no_and_codes_with_a_leading_zero_stay_text(pack: Path) -> None:
    edit(pack, TERRITORIES, '"010020101"', "010020101")
    edit(pack, INFORMATION, 'code: "no"', "code: no")
    directory = load(pack).directory
    assert "010020101" in directory.territories
    law = directory.procedures["access-to-information", 1]
    assert [option.code for option in law.form[1].options] == ["no", "yes"]
    assert law.follow_ups[0].on == ("answered", "breached")


def test_the_invented_country() -> None:
    pack = load(NORIA)
    assert pack.record.counts == {"territory": 9, "body": 9, "public-service": 6, "calendar": 1, "procedure": 4}
    assert isinstance(pack.records[-1], PackRecord)
    assert pack.directory.ready
    assert [rule.id for rule in pack.rules] == [
        "declared-body",
        "civil-status-to-commune",
        "order-to-prefect",
        "body-of-public-service",
        "national-triage",
    ]
    assert {record.valid_from for record in pack.directory.bodies.values()} == {date(2020, 1, 1)}


def test_the_sum_names_the_contents_and_nothing_else(pack: Path) -> None:
    before = digest(pack)
    assert before == digest(NORIA) == load(NORIA).record.sha256
    (pack / "README.md").write_text("not part of it", encoding="utf-8")
    assert digest(pack) == before
    edit(pack, RULES, "final: false", "final: true")
    assert digest(pack) != before


def test_the_command_prints_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(NORIA)]) == 0
    assert capsys.readouterr().out.startswith(
        "pack/noria version 1: 9 body, 1 calendar, 4 procedure, 6 public-service, 9 territory; 5 rules;"
    )


def test_the_command_prints_each_mistake_and_fails(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(pack, BODIES, "parent: ministry-waters", "parent: ministry-fire")
    assert main([str(pack)]) == 1
    assert capsys.readouterr().err == "bodies.yaml:4: bodies.2.parent: unknown body 'ministry-fire'\nrefused: 1 mistakes\n"


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.fixture(scope="module")
def morocco() -> Directory:
    return load(MOROCCO).directory


def test_a_part_of_a_commune_lies_in_it(pack: Path) -> None:
    line = '  - {code: "010010111", level: commune, division: ward, parent: "010010101", name: {ar: حي, fr: Ward}}\n'
    (pack / TERRITORIES).write_text((pack / TERRITORIES).read_text(encoding="utf-8") + line, encoding="utf-8")
    assert load(pack).directory.ancestors("010010111") == ("010010101", "010010000", "010000000")


def test_morocco_has_the_targets_of_its_roll_out(morocco: Directory) -> None:
    assert morocco.pack
    assert morocco.pack.targets
    assert [phase.bodies for phase in morocco.pack.targets.phases] == [61, 90, 1750]
    assert {target.family: target.bodies for target in morocco.pack.targets.families} == {
        "ministry": 38,
        "territorial": 1590,
        "establishment": 274,
    }


def test_a_target_of_no_family_is_named_with_its_line(pack: Path) -> None:
    (pack / "targets.yaml").write_text("phases: []\nfamilies:\n  - {family: street, bodies: 1, source: nobody}\n", encoding="utf-8")
    assert [(finding.file, finding.line) for finding in refused(pack)] == [("targets.yaml", 3)]


def test_morocco_has_its_regions_and_provinces(morocco: Directory) -> None:
    levels = Counter(territory.level for territory in morocco.territories.values())
    assert (levels["region"], levels["province"]) == (12, 75)
    provinces = Counter(
        territory.parent[:2] for territory in morocco.territories.values() if territory.level == "province" and territory.parent
    )
    # per region, as the national statistics office counts them
    assert [provinces[f"{region:02}"] for region in range(1, 13)] == [8, 8, 9, 7, 5, 9, 8, 5, 6, 4, 4, 2]


def test_codes_of_morocco_say_where_a_place_lies(morocco: Directory) -> None:
    digits = {"region": 2, "province": 5, "commune": 9}
    for code, territory in morocco.territories.items():
        assert not code[digits[territory.level] :].strip("0")
        assert territory.parent is None or code.startswith(territory.parent[: digits[morocco.territories[territory.parent].level]])


def test_every_body_of_morocco_says_where_its_name_comes_from(morocco: Directory) -> None:
    assert len(morocco.bodies) >= 30
    for body in morocco.bodies.values():
        assert body.source.strip()
        assert body.certainty in "ABCG"
        assert {"ar", "fr"} <= body.name.keys()
        assert any("\u0600" <= letter <= "\u06ff" for letter in body.name["ar"])


def test_clocks_of_morocco(morocco: Directory) -> None:
    complaint = morocco.procedures["complaint", 1]
    clocks = {clock.code: (clock.span.n, clock.span.unit, clock.first_day_counts, clock.holder) for clock in complaint.clocks}
    assert clocks == {
        "qualify": (15, "calendar_days", False, "platform"),
        "answer": (60, "calendar_days", False, "body"),
        "supply": (15, "calendar_days", False, "citizen"),
    }
    answer = complaint.clock("answer")
    assert answer is not None
    assert [alert.before.n for alert in answer.alerts if alert.before] == [15, 5]
    assert answer.extension is None
    request = morocco.procedures["access-to-information", 1].clock("answer")
    assert request is not None
    assert request.extension is not None
    assert (request.span.n, request.span.unit, request.extension.times, request.extension.span.n) == (20, "working_days", 1, 20)
    for code in ("observation", "suggestion"):
        assert morocco.procedures[code, 1].clocks == ()


@pytest.mark.parametrize(
    ("day", "off"),
    [
        (date(2026, 1, 14), True),  # Amazigh new year, a Wednesday
        (date(2025, 6, 9), True),  # exceptional day, a Monday
        (date(2027, 11, 18), True),  # independence, a Thursday
        (date(2028, 8, 14), True),  # Oued Ed-Dahab, a Monday
        (date(2025, 10, 31), False),  # a Friday before the decree took effect
        (date(2026, 11, 19), False),  # an ordinary Thursday
        (date(2026, 11, 20), False),  # a Friday is worked
        (date(2026, 11, 21), True),  # a Saturday
    ],
)
def test_days_off_of_morocco(morocco: Directory, day: date, off: bool) -> None:
    assert morocco.calendars["ma"].is_day_off(day) is off


def test_feasts_ahead_are_marked_as_predicted(morocco: Directory) -> None:
    kinds = {day.date: day.kind for day in morocco.calendars["ma"].days_off}
    assert kinds[date(2027, 5, 16)] == "predicted"
    assert kinds[date(2027, 11, 6)] == "civil"
    assert Counter(kind for day, kind in kinds.items() if day.year == 2026)["predicted"] == 7


def test_an_urgent_request_for_information_has_a_clock_of_its_own(morocco: Directory) -> None:
    law = morocco.newest_procedure("access-to-information", date(2026, 3, 2))
    assert law is not None
    assert law.ref == "access-to-information@2"
    spans = {clock.code: (clock.span.n, clock.span.unit, clock.when and clock.when.operator) for clock in law.clocks}
    assert spans == {"answer": (20, "working_days", "!="), "answer-urgent": (3, "calendar_days", "==")}
    assert all(clock.extension and (clock.extension.times, clock.extension.span) == (1, clock.span) for clock in law.clocks)
    assert all(reason.door for reason in law.refusals)
    before = morocco.newest_procedure("access-to-information", date(2025, 12, 31))
    assert before is not None
    assert before.ref == "access-to-information@1"


def test_an_appeal_leads_from_the_body_s_head_to_the_commission(morocco: Directory) -> None:
    codes, handled = ["access-to-information"], []
    for _ in range(2):
        law = morocco.newest_procedure(codes[-1])
        assert law is not None
        (next_step,) = law.follow_ups
        codes.append(next_step.procedure)
        handled.append((next_step.handled_by, next_step.body, next_step.within and (next_step.within.n, next_step.within.unit)))
    assert handled == [("same", None, (20, "working_days")), ("body", "cdai", (30, "calendar_days"))]


def test_an_integrity_claim_is_the_restricted_desk_s_and_tells_no_more_than_its_region(morocco: Directory) -> None:
    law = morocco.procedures["integrity-claim", 1]
    assert (law.visibility.restricted, law.visibility.territory, law.visibility.public_list) == (True, "region", "never")
    assert (law.filer.identity, law.filer.confidential) == ("verified", True)
    assert law.public_fields == frozenset()
    assert [reason.code for reason in law.refusals if reason.door] == ["competent-authority", "judicial-report"]


def test_a_proposal_is_listed_after_moderation_and_answered_in_the_next_report(morocco: Directory) -> None:
    law = morocco.procedures["health-proposal", 1]
    assert (law.addressee.body, law.visibility.public_list) == ("ministry-health", "after_moderation")
    assert [(clock.span.n, clock.span.unit, clock.on_breach) for clock in law.clocks] == [(3, "months", "none")]


def test_silence_is_agreement_for_listed_acts_alone(morocco: Directory) -> None:
    law = morocco.procedures["late-permit", 1]
    answers = {clock.when.value: (clock.span.n, clock.on_breach) for clock in law.clocks if clock.when}
    assert answers == {"listed": (60, "deemed_accepted"), "investment": (30, "escalate"), "other": (60, "escalate")}
    assert [(follow.rel, follow.procedure, follow.handled_by) for follow in law.follow_ups] == [("appeals", "late-permit-appeal", "parent")]


def test_every_ground_of_refusal_of_a_complaint_in_morocco_has_its_door(morocco: Directory) -> None:
    law = morocco.newest_procedure("complaint")
    assert law
    doors = {reason.code: reason.door.url for reason in law.refusals if reason.door}
    needed = {"before-court", "other-authority", "judicial-report", "outside-competence", "insults", "not-conforming", "unclear"}
    assert needed <= doors.keys()
    hosts = ("mediateur.ma", "mahakim.ma", "inpplc.ma", "cndp.ma", "chafafiya.ma", "idarati.ma")
    assert [host for host in hosts if not any(host in (url or "") for url in doors.values())] == []


def test_no_refusal_in_morocco_is_without_a_door_whatever_the_procedure(morocco: Directory) -> None:
    laws = [law for code in {code for code, _ in morocco.procedures} if (law := morocco.newest_procedure(code))]
    doors = {(law.ref, ground.code): ground.door for law in laws for ground in law.refusals}
    doors |= {(law.ref, outcome.code): outcome.door for law in laws for outcome in law.outcomes if outcome.counts_as == "refused"}
    assert len({law for law, _ in doors}) >= 7
    assert [ground for ground, door in doors.items() if door is None] == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("L'agent m'a demandé un pot-de-vin", ["corruption"]),
        ("طلب مني الموظف رشوة", ["corruption"]),
        ("bgha mni 9hwa dyalo", ["corruption"]),
        ("Une enfant en danger chez mes voisins", ["child-in-danger"]),
        ("طفلة في خطر", ["child-in-danger"]),
        ("Mon dossier est devant le tribunal", ["before-court"]),
        ("La route est coupée et le guichet est fermé", []),
        ("السيدة رشا لم تجب", []),
    ],
)
def test_alerts_of_morocco(morocco: Directory, text: str, codes: list[str]) -> None:
    alerts = {code: Phrases(p for words in alert.words.values() for p in words) for code, alert in morocco.alerts.items()}
    assert [code for code, phrases in alerts.items() if phrases.stand_in(tokens(text))] == codes
    assert {code for code, alert in morocco.alerts.items() if alert.desk == "restricted"} == {"corruption", "child-in-danger"}


@pytest.mark.parametrize(
    ("mistake", "reason"),
    [
        ("words: {fr: [pot de vin]}, doors: []", "at least 1 item"),
        ("words: {fr: ['a']}, doors: [{label: {ar: ب, fr: b}, url: 'https://b.example'}]", "'a' is too short to be found"),
        ("words: {}, doors: [{label: {ar: ب, fr: b}, url: 'https://b.example'}]", "an alert without words is never found"),
        ("words: {fr: [vin]}, doors: [{label: {ar: ب, fr: b}, body: fire-office}]", "unknown body 'fire-office'"),
        ("words: {fr: [vin]}, doors: [{label: {fr: b}, url: 'https://b.example'}]", "words in 'ar' are missing"),
    ],
)
def test_a_mistake_in_an_alert_is_named(pack: Path, mistake: str, reason: str) -> None:
    (pack / "alerts.yaml").write_text(f"alerts:\n  - {{code: c, label: {{ar: أ, fr: a}}, {mistake}}}\n", encoding="utf-8")
    assert [finding for finding in refused(pack) if finding.file == "alerts.yaml" and reason in finding.reason]


def test_rules_without_any_rule_are_refused(pack: Path) -> None:
    (pack / RULES).write_text("rules: []\n", encoding="utf-8")
    assert refused(pack) == (Finding(RULES, 1, "holds no rule: every filing would wait at the national desk"),)
