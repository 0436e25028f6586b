"""What may be filed, held against Noria's law."""

from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from uuid import UUID

import pytest

from services.intake.domain import LinkGiven, Submission, examine
from services.intake.refusals import Refused
from shared.contracts.directory import Directory, ProcedureRecord, TerritoryRecord
from shared.contracts.private import Person
from shared.contracts.procedures import Procedure
from tests.support.lives import noria

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
GIVEN = Submission(
    procedure="complaint",
    territory="010010101",
    subject="Compteur",
    narrative="Deux fois.",
    person=Person(name="Amina", email="amina@citizen.example", language="fr"),
    public_service="water-bill",
)
DESK = GIVEN._replace(channel="counter", entered_by="body-agent")


def examined(given=GIVEN, directory=None, now=NOW, **changes):
    known = directory or noria()
    assert known.pack is not None
    return examine(given._replace(**changes), known, known.pack, now)


def refusal(given=GIVEN, directory=None, **changes):
    with pytest.raises(Refused) as caught:
        examined(given, directory, **changes)
    return caught.value.code, ".".join(map(str, caught.value.field))


def law(code="complaint", version=2, **changes):
    """Noria with one more procedure, made from an existing one."""
    before = noria().procedures["complaint", 1]
    made = Procedure.model_validate(before.model_dump() | {"code": code, "version": version} | changes)
    return Directory([*noria().records.values(), ProcedureRecord(valid_from=made.valid_from, procedure=made)])


def test_a_filing_becomes_a_header_a_state_and_two_documents():
    draft = examined(coded={"nature": "harm"})
    id = UUID(int=7)
    header = draft.header(id, "7KQ4-XM2N-3")
    assert (header.procedure, header.filed_at, header.recorded_at, header.territory) == ("complaint@1", NOW, NOW, "010010101")
    assert (draft.filing.coded, draft.filing.language, draft.filing.entered_by) == ({"nature": "harm"}, "fr", None)
    assert (draft.papers(header).version, draft.contacts(header).version) == (1, 1)
    assert draft.contacts(header).email == "amina@citizen.example"
    assert draft.by == "citizen"


def test_no_fact_holds_a_word_of_the_filer():
    draft = examined()
    told = draft.header(UUID(int=7), "7KQ4-XM2N-3").model_dump_json() + draft.filing.model_dump_json()
    assert not any(word in told for word in ("Amina", "amina", "Compteur", "Deux fois"))


def test_a_code_alone_is_the_newest_version_in_force_on_the_day_of_lodging():
    # In force from 3 March in Noria, which begins at 23:00 UTC on the 2nd.
    directory = law(valid_from="2026-03-03")
    assert examined(directory=directory, now=datetime(2026, 3, 2, 22, 59, tzinfo=UTC)).law.ref == "complaint@1"
    assert examined(directory=directory, now=datetime(2026, 3, 2, 23, 0, tzinfo=UTC)).law.ref == "complaint@2"
    later = NOW + timedelta(days=30)
    assert examined(DESK, directory, now=later, filed_at=NOW).law.ref == "complaint@1"


def test_a_version_is_used_as_named():
    directory = law(valid_from="2026-03-01")
    assert examined(directory=directory).law.ref == "complaint@2"
    assert examined(directory=directory, procedure="complaint@1").law.ref == "complaint@1"
    assert refusal(procedure="complaint@two") == ("unknown-procedure", "procedure")


def test_a_body_that_closed_later_could_still_be_addressed():
    letter = {"filed_at": datetime(2024, 12, 31, 10, tzinfo=UTC)}
    assert examined(DESK, body="old-water-board", **letter).submission.body == "old-water-board"
    assert refusal(DESK, body="old-water-board") == ("body-closed", "body")


def test_a_closed_public_service_is_for_what_was_lodged_before():
    closed = noria().public_services["water-bill"].model_copy(update={"version": 2, "closed_on": date(2026, 3, 1)})
    directory = noria().updated([closed])
    assert refusal(directory=directory) == ("public-service-closed", "public_service")
    on_its_last_day = {"filed_at": datetime(2026, 3, 1, 10, tzinfo=UTC)}
    assert examined(DESK, directory, **on_its_last_day).submission.public_service == "water-bill"
    assert examined(directory=directory, public_service="dams").submission.public_service == "dams"


def test_a_chosen_addressee_is_of_the_families_that_the_law_names():
    directory = law("request", 1, addressee={"mode": "chosen", "families": ["territorial"]})
    assert refusal(directory=directory, procedure="request") == ("body-missing", "body")
    assert refusal(directory=directory, procedure="request", body="water-office") == ("body-not-addressed", "body")
    assert examined(directory=directory, procedure="request", body="commune-prima").submission.body == "commune-prima"


def test_a_fixed_addressee_is_not_chosen():
    directory = law("claim", 1, addressee={"mode": "fixed", "body": "ministry-towns"})
    assert refusal(directory=directory, procedure="claim", body="water-office") == ("body-not-addressed", "body")
    assert examined(directory=directory, procedure="claim").submission.body is None


@pytest.mark.parametrize(("finest", "kept"), [("commune", "010010101"), ("province", "010010000"), ("region", "010000000")])
def test_facts_hold_no_finer_territory_than_the_law_allows(finest, kept):
    draft = examined(directory=law("claim", 1, visibility={"territory": finest}), procedure="claim")
    assert draft.territory == draft.header(UUID(int=7), "r").territory == kept


@pytest.mark.parametrize(("divisions", "kept"), [(False, "010010101"), (True, "010010111")])
def test_a_part_of_a_commune_stands_in_facts_only_where_the_law_says_so(divisions, kept):
    place = {"code": "010010111", "level": "commune", "division": "arrondissement", "parent": "010010101", "name": {"ar": "ب", "fr": "P"}}
    part = TerritoryRecord.model_validate(place | {"valid_from": "2026-01-01"})
    directory = law("claim", 1, visibility={"divisions": divisions}).updated([part])
    assert examined(directory=directory, procedure="claim", territory="010010111").territory == kept


def test_a_coarse_territory_stays():
    assert (
        examined(directory=law("claim", 1, visibility={"territory": "province"}), procedure="claim", territory="010000000").territory
        == "010000000"
    )


class TestPerson:
    CONTACT = law("contact", 1, filer={"identity": "contact"})
    VERIFIED = law("verified", 1, filer={"identity": "verified"})

    @pytest.mark.parametrize("reach", [{"email": "a@b.example"}, {"phone": "+21671123456"}])
    def test_one_way_to_be_reached_is_enough(self, reach):
        assert examined(directory=self.CONTACT, procedure="contact", person=Person(language="ar", **reach))

    def test_on_the_web_a_name_is_no_contact(self):
        nameless = Person(name="Amina", language="ar")
        assert refusal(directory=self.CONTACT, procedure="contact", person=nameless) == ("contact-missing", "filer")

    def test_at_a_counter_it_is(self):
        # The receipt is on paper; nobody needs an e-mail address to complain.
        assert examined(DESK, self.CONTACT, procedure="contact", person=Person(name="Amina", language="ar"))
        assert refusal(DESK, self.CONTACT, procedure="contact", person=Person(language="ar")) == ("contact-missing", "filer")

    def test_verified_asks_for_a_contact_and_a_name(self):
        reachable = Person(email="a@b.example", language="ar")
        assert refusal(directory=self.VERIFIED, procedure="verified", person=reachable) == ("name-missing", "filer.name")
        assert examined(directory=self.VERIFIED, procedure="verified")

    def test_where_no_identity_is_asked_nobody_needs_one(self):
        assert examined(person=Person(language="ar"))

    def test_the_language_is_one_of_the_pack(self):
        assert examined(person=Person(language="en"))
        assert refusal(person=Person(language="de")) == ("unknown-language", "filer.language")


class TestLodging:
    def test_staff_alone_use_a_desks_channel_or_date(self):
        assert refusal(channel="counter") == ("staff-only", "channel")
        assert refusal(filed_at=NOW) == ("staff-only", "filed_at")
        assert examined(channel="mobile").submission.channel == "mobile"

    def test_the_legal_day_may_be_long_before_the_entry(self):
        draft = examined(DESK, filed_at=NOW - timedelta(days=61))
        assert (draft.recorded_at - draft.filed_at).days == 61
        assert draft.by == "body-agent"

    def test_it_is_never_in_the_future(self):
        assert examined(DESK, filed_at=NOW).filed_at == NOW
        assert refusal(DESK, filed_at=NOW + timedelta(milliseconds=1)) == ("filed-in-future", "filed_at")

    def test_what_comes_over_the_web_has_no_other_date(self):
        web = DESK._replace(channel="web")
        assert refusal(web, filed_at=NOW - timedelta(days=1)) == ("channel-dates-itself", "filed_at")

    def test_but_what_is_split_off_keeps_its_day(self):
        split = DESK._replace(channel="web", links=(LinkGiven("split-from", "7KQ4-XM2N-3"),))
        assert examined(split, filed_at=NOW - timedelta(days=1)).filed_at == NOW - timedelta(days=1)
        assert refusal(split._replace(entered_by=None)) == ("staff-only", "links.0.rel")

    def test_a_complaint_is_tied_once_to_another(self):
        twice = (LinkGiven("renews", "7KQ4-XM2N-3"), LinkGiven("appeals", "7KQ4-XM2N-3"))
        assert refusal(links=twice) == ("repeated-link", "links.1.reference")
        assert refusal(links=(LinkGiven("likes", "7KQ4-XM2N-3"),)) == ("unknown-relation", "links.0.rel")


class TestForm:
    FORM = law(
        "form",
        1,
        form=[
            {"code": "kind", "type": "choice", "required": True, "private": False, "label": {"fr": "x"}}
            | {"options": [{"code": code, "label": {"fr": "x"}} for code in ("late", "rude")]},
            {"code": "since", "type": "date", "required": True, "private": False, "label": {"fr": "x"}, "shown_if": None}
            | {"shown_if": {"field": "kind", "operator": "==", "value": "late"}},
            {"code": "place", "type": "place", "private": False, "label": {"fr": "x"}},
            {"code": "cost", "type": "money", "private": False, "max": 5000, "label": {"fr": "x"}},
            {"code": "story", "type": "text", "required": True, "max": 20, "label": {"fr": "x"}},
            {"code": "paid", "type": "money", "max": 5000, "label": {"fr": "x"}, "shown_if": None}
            | {"shown_if": {"field": "kind", "operator": "==", "value": "late"}},
            {"code": "seen", "type": "date", "label": {"fr": "x"}},
            {"code": "scan", "type": "file", "label": {"fr": "x"}},
        ],
        clocks=[],
        requests={"max": 0},
        follow_ups=[],
    )

    STORY = MappingProxyType({"story": "Il était une fois"})

    def filed(self, **coded):
        return examined(directory=self.FORM, procedure="form", coded=coded, private=self.STORY).filing.coded

    def refused(self, **coded):
        return refusal(directory=self.FORM, procedure="form", coded=coded, private=self.STORY)

    def private(self, kind="late", **private):
        given = {"kind": kind} | ({"since": "2026-02-28"} if kind == "late" else {})
        return {"directory": self.FORM, "procedure": "form", "coded": given, "private": {**self.STORY, **private}}

    def test_private_fields_go_into_the_papers_and_nowhere_else(self):
        draft = examined(**self.private(paid="12.50", seen="2026-02-28"))
        header = draft.header(UUID(int=7), "7KQ4-XM2N-3")
        assert draft.papers(header).private == {"story": "Il était une fois", "paid": "12.50", "seen": "2026-02-28"}
        told = header.model_dump_json() + draft.filing.model_dump_json()
        assert "Il était" not in told
        assert "12.50" not in told

    @pytest.mark.parametrize(
        ("private", "code", "field"),
        [
            ({"story": "Il était une fois et encore"}, "too-long", "story"),
            ({"since": "2026-02-28"}, "public-field", "since"),
            ({"colour": "red"}, "unknown-field", "colour"),
            ({"paid": "5001"}, "wrong-value", "paid"),
            ({"paid": "-1"}, "wrong-value", "paid"),
            ({"paid": "nan"}, "wrong-value", "paid"),
            ({"seen": "28/02/2026"}, "wrong-value", "seen"),
            ({"scan": "a.pdf"}, "wrong-value", "scan"),
        ],
    )
    def test_what_a_private_field_refuses(self, private, code, field):
        assert refusal(**self.private(**private)) == (code, f"private.{field}")

    def test_a_private_field_is_asked_where_a_public_one_says_so(self):
        assert refusal(**self.private(kind="rude", paid="12")) == ("field-not-shown", "private.paid")
        assert refusal(directory=self.FORM, procedure="form", coded={"kind": "rude"}) == ("field-missing", "private.story")

    def test_public_fields_ride_in_the_facts(self):
        coded = {"kind": "late", "since": "2026-02-28", "place": "010010101", "cost": 12.5}
        assert self.filed(**coded) == coded

    def test_a_field_is_asked_only_where_it_is_shown(self):
        assert self.filed(kind="rude") == {"kind": "rude"}
        assert self.refused(kind="late") == ("field-missing", "coded.since")
        assert self.refused(kind="rude", since="2026-02-28") == ("field-not-shown", "coded.since")

    def test_free_words_never_ride_in_facts(self):
        assert self.refused(kind="rude", story="Il était une fois") == ("private-field", "coded.story")

    @pytest.mark.parametrize("since", ["2026-02-30", "28/02/2026", "20260228", "2026-W09-6", "٢٠٢٦-٠٢-٢٨", 20260228, True, ""])
    def test_what_is_no_date(self, since):
        assert self.refused(kind="late", since=since) == ("wrong-value", "coded.since")

    @pytest.mark.parametrize("cost", [-1, 5001, "12", True, 1e300, float("nan")])
    def test_what_is_no_amount(self, cost):
        assert self.refused(kind="rude", cost=cost) == ("wrong-value", "coded.cost")

    @pytest.mark.parametrize(
        ("coded", "code"), [({"kind": "fun"}, "wrong-option"), ({"kind": True}, "wrong-option"), ({}, "field-missing")]
    )
    def test_what_is_no_choice(self, coded, code):
        assert self.refused(**coded) == (code, "coded.kind")

    def test_what_is_no_place(self):
        assert self.refused(kind="rude", place="Paris") == ("wrong-value", "coded.place")
