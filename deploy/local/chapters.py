"""The demo's chapters: each procedure of the pack, with the reasons of each of its dates in two languages, as the page has them."""

from collections.abc import Callable
from typing import Any

from deploy.local.people import Citizen, Desk, Json, NotSeen, World, wait

LANGUAGES = ("fr", "ar")
FES, HEALTH, COMMISSION = "commune-032310100", "ministry-health", "cdai"
AT_FES = {"territory": "032310100"}
_LISTED = ("retained", {"theme": "reception"})
PERSON = {"name": "Amal", "email": "amal@example.org", "language": "fr"}


class Chapters:
    """Filings of the demo that are told by procedure; none of them is with the body that the figures are about."""

    def __init__(self, world: World, say: Callable[[str], None], patience: float) -> None:
        self.world, self.say, self.patience = world, say, patience
        self.fes = Desk(world, FES)
        self.filed: dict[str, Citizen] = {}

    def begin(self) -> None:
        """Files one of each that can be filed at once; what follows on another is filed when that one is over."""
        self._file("observation", body=FES)
        self._file("suggestion", body=FES)
        self._file("access-to-information", body=FES, coded={"urgent": "yes"}, private={"information": "The plan of the street"})
        self._file("integrity-claim", private={"nature": "bribery", "persons": "A clerk"})
        self._file("health-proposal", coded={"theme": "reception"}, private={"expected-effect": "Shorter queues"})
        self._file("late-permit", body=FES, coded={"act": "listed"}, private={"file-reference": "2026/77"})

    def early(self) -> None:
        """What can be told before long; an appeal has its time too."""
        self._appealed()
        self._thanked("observation")
        self._thanked("suggestion")
        self._restricted()
        self._proposed()

    def late(self, complaint: Citizen) -> None:
        """What takes sixty days."""
        self._silent()
        self._chapter("complaint", complaint)

    def _thanked(self, code: str) -> None:
        citizen = self.filed[code]
        self._chapter(code, citizen)
        self._answered(self.fes, citizen, outcome="noted")

    def _appealed(self) -> None:
        """Three days pass without an answer; the head of the body confirms the silence; the commission does not."""
        request = self.filed["access-to-information"]
        self._until(request, lambda page: page["due"] and page["due"]["overdue"])
        self._chapter("access-to-information", request)
        appeal = self._follow_up("access-to-information-appeal", request, body=FES)
        self._chapter("access-to-information-appeal", appeal)
        self._answered(self.fes, appeal, outcome="confirmed", reasons="The plan is being drawn anew.")
        review = self._follow_up("access-to-information-review", appeal)
        self._chapter("access-to-information-review", review)
        self._answered(Desk(self.world, COMMISSION), review, outcome="favourable", reasons="The plan in force is to be given.")

    def _restricted(self) -> None:
        claim = self.filed["integrity-claim"]
        page = self._chapter("integrity-claim", claim)
        self._check("its facts say no more of the place than the region", page["territory"], "030000000")
        seen = self.fes.agent.read(claim.reference)["http"]
        self._check("the commune's desk does not see it", seen, 404)

    def _proposed(self) -> None:
        proposal = self.filed["health-proposal"]
        self._until(proposal, lambda page: page["body"])
        page = self._chapter("health-proposal", proposal)
        self._check("it is with the ministry", page["body"]["id"], HEALTH)
        self._answered(Desk(self.world, HEALTH), proposal, outcome="retained", reasons="It will be in the next report.")
        listed = wait(lambda: self.world.listed("health-proposal"), bool, self.patience)
        self._check("what became of it is listed in public, and nobody is named", (listed[0]["outcome"], listed[0]["coded"]), _LISTED)

    def _silent(self) -> None:
        """Sixty days of silence are agreement for a listed act; the agreement is appealed all the same, to the ministry above."""
        permit = self.filed["late-permit"]
        page = self._until(permit, lambda page: page["response"])
        appeal = self._follow_up("late-permit-appeal", permit)
        self._chapter("late-permit", permit)
        self._check("nobody answered: the law did", page["response"]["outcome"], "deemed_accepted")
        above = self._until(appeal, lambda page: page["body"])["body"]["id"]
        self._chapter("late-permit-appeal", appeal)
        self._check("the appeal is with", above, "ministry-interior")

    def _file(self, procedure: str, **fields: Any) -> Citizen:
        given = {"procedure": procedure, "filer": PERSON, **AT_FES, **fields}
        self.filed[procedure] = self.world.file(**given)
        return self.filed[procedure]

    def _follow_up(self, procedure: str, earlier: Citizen, **fields: Any) -> Citizen:
        self._until(earlier, lambda page: page["response"] or (page["due"] and page["due"]["overdue"]))
        link = {"rel": "appeals", "reference": earlier.reference, "secret": earlier.receipt["secret"]}
        return self._file(procedure, links=[link], **fields)

    def _answered(self, desk: Desk, citizen: Citizen, **given: Any) -> None:
        answer = desk.answer(citizen.reference, **given)
        self._check(f"answered: {given['outcome']}", answer.status_code, 200)
        self._until(citizen, lambda page: page["response"])

    def _chapter(self, procedure: str, citizen: Citizen) -> Json:
        """Every date of the page with its reasons, in both languages; the last reason is the last day."""
        self._until(citizen, lambda page: page["body"] or page["status"] == "triage")
        pages = {language: self._told(citizen, language) for language in LANGUAGES}
        first = pages[LANGUAGES[0]]
        if first["procedure"].partition("@")[0] != procedure:
            raise NotSeen(f"{citizen.reference} is filed under {first['procedure']}, not {procedure}")
        self.say(f"--- {first['title']} ({first['procedure']}): {citizen.reference}, {first['status']}")
        if not first["clocks"]:
            self.say("  no legal clock: a thank-you, and the whole wait is shown all the same")
        for language, page in pages.items():
            for clock in page["clocks"]:
                self.say(f"  {clock['label']} [{clock['status']}]: {' '.join(clock['why'])}")
                self._check(f"{language}: {clock['code']} has a reason for each step", len(clock["why"]) >= 3, True, quiet=True)
        elapsed = first["elapsed"]
        self._check("days waited in all", sum(turn["days"] for turn in elapsed["turns"]), elapsed["days"])
        return first

    def _told(self, citizen: Citizen, language: str) -> Json:
        """The page, once its clocks are there; a procedure without clocks has none to wait for."""
        without = self.world.law(citizen.receipt["procedure"])["clocks"] == []
        return wait(lambda: citizen.follow(language), lambda page: without or (page["clocks"] and page["clocks"][0]["why"]), self.patience)

    def _until(self, citizen: Citizen, condition: Callable[[Json], object]) -> Json:
        return wait(citizen.follow, condition, self.patience)

    def _check(self, line: str, seen: object, wanted: object, *, quiet: bool = False) -> None:
        if seen != wanted:
            raise NotSeen(f"{line}: {seen!r} instead of {wanted!r}")
        if not quiet:
            self.say(f"  {line}: {wanted}" if not isinstance(wanted, bool) else f"  {line}")
