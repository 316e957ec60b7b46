"""Every verb in every state by everybody, made from the verb table: the models do what `judge` says, and no more.

The first half judges the whole product without a database. The second builds every state that a story can be in, by
verbs alone, and lets everybody try everything there: what is refused leaves every row of the app as it was.
"""

from dataclasses import dataclass
from datetime import timedelta
from itertools import product

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from articles.models import Article
from articles.workflow import (
    ALL,
    EDITORS,
    PEOPLES_VERBS,
    VERBS,
    Facts,
    Matter,
    MoveNotAllowed,
    PublicState,
    Role,
    Status,
    judge,
)

from .factories import (
    BEGIN,
    a_journalist,
    a_managing_editor,
    a_person,
    an_author,
    an_editor,
    content,
    sign,
)
from .tables import every_row

NOBODY = frozenset()
J, E, M = frozenset({Role.JOURNALIST}), frozenset({Role.JOURNALIST, Role.EDITOR}), ALL
CLOCK = frozenset({Role.CLOCK})
MATTERS = frozenset(Matter) - {Matter.CONTENT}  # an open review of the content is what "in review" means
PUBLISHING = {"publish", "publish_unreviewed", "reinstate", "fire"}

# --- Without a database --------------------------------------------------------------------------------------------


def every_case():
    """(verb, facts) for the whole product. Of the matters those vary that the verb names; others must not count."""
    truth = (False, True)
    people = list(product((NOBODY, J, E, M, CLOCK), truth, truth, truth))
    for verb, status, public in product(VERBS.values(), Status, PublicState):
        own = MATTERS & {verb.opens, verb.closes}
        opens = [(NOBODY, NOBODY), (MATTERS - own, MATTERS - own), (MATTERS, MATTERS - own), (MATTERS, MATTERS)]
        for person, (opened_by_anybody, opened) in product(people, opens if own else opens[::3]):
            yield verb, Facts(status, public, *person, opened_by_anybody, opened)


def verdict(name, facts):
    """The status that `judge` says, or its sentence."""
    try:
        return judge(name, facts)
    except MoveNotAllowed as refusal:
        return str(refusal)


def may(verb, facts):
    """The table's columns read once more, as one condition."""
    move = next((move for move in verb.moves if facts.status in move.sources), None)
    if move is None or facts.public not in verb.public_states:
        return False
    if verb.opens in facts.open or (verb.closes and verb.closes not in facts.open):
        return False
    if (verb.not_by_submitter and facts.submitter) or (verb.not_by_opener and verb.closes in facts.opened):
        return False
    if move.roles & facts.roles & (EDITORS | CLOCK):
        return True
    as_journalist = Role.JOURNALIST in move.roles & facts.roles and facts.own
    return as_journalist and not (
        (verb.journalist_is_submitter and not facts.submitter)
        or (verb.journalist_never_submitted and facts.ever_submitted)
    )


def test_every_verdict_is_what_the_table_says_and_refusals_are_sentences():
    wrong, allowed, refused = [], 0, set()
    for verb, facts in every_case():
        said = verdict(verb.name, facts)
        if isinstance(said, Status) != may(verb, facts):
            wrong.append((verb.name, facts, said))
        elif isinstance(said, Status):
            allowed += 1
            assert_rules(verb, facts, said)
        else:
            refused.add(said)
    assert wrong == []
    assert (allowed > 1000, len(refused) > 100) == (True, True)
    assert [sentence for sentence in refused if not sentence.endswith(".")] == []


def assert_rules(verb, facts, after):
    """What no row of the table may break."""
    assert facts.roles
    if after == Status.PUBLISHED and facts.status != Status.PUBLISHED:
        assert verb.name in PUBLISHING | {"discard"}
    if facts.roles == J:
        assert facts.own
        assert verb.name not in PUBLISHING | {"approve", "schedule", "take_down"}
    if facts.public in {PublicState.RETRACTED, PublicState.DOWN}:
        assert verb.name not in PUBLISHING - {"reinstate", "fire"}
    if after == Status.APPROVED and facts.status == Status.IN_REVIEW:
        assert not facts.submitter
    if verb.closes and verb.name.startswith("confirm"):
        assert verb.closes not in facts.opened


# --- On rows -------------------------------------------------------------------------------------------------------

NEXT, THEN, NOW = (BEGIN + timedelta(days=days) for days in (1, 2, 3))
WHY = "The dam broke and everybody has to leave."
ACTS = {
    "save": lambda story, words, **who: story.save_content(words, lock_version=story.lock_version, **who),
    "request_changes": lambda story, _, **who: story.request_changes(comment="Who said so?", **who),
    "approve": lambda story, _, **who: story.approve(sha256=_hash_of(story, Matter.CONTENT), **who),
    "schedule": lambda story, _, **who: story.schedule(at=NOW + timedelta(days=1), **who),
    "embargo": lambda story, _, **who: story.set_embargo(until=NOW + timedelta(hours=1), **who),
    "publish_unreviewed": lambda story, _, **who: story.publish_unreviewed(reason=WHY, **who),
    "object_to_emergency": lambda story, _, **who: story.object_to_emergency(comment="The dam stands.", **who),
    "propose_retraction": lambda story, _, **who: story.propose_retraction(notice="It was wrong.", **who),
    "confirm_retraction": lambda story, _, **who: story.confirm_retraction(
        sha256=_hash_of(story, Matter.RETRACTION), **who
    ),
    "take_down": lambda story, _, **who: story.take_down(reason=WHY, **who),
    "reinstate": lambda story, _, **who: story.reinstate(reason=WHY, **who),
    "propose_blank": lambda story, _, **who: story.propose_blank(revisions=[1], reason=WHY, **who),
}


def _hash_of(story, matter):
    review = story.reviews.open().filter(subject=matter).first()
    return review.sha256 if review else ""


def act(verb, story, words, **who):
    """Use the verb of that name, with everything that it asks for."""
    other = ACTS.get(verb.name)
    return other(story, words, **who) if other else getattr(story, verb.name)(**who)


def after_blanking(status, public):
    """Where a story may stand once words of it are blanked: old ones, the working copy's, those that are shown."""
    yield status, public
    if status != Status.SPIKED:
        yield Status.DRAFT, public
    if public in {PublicState.UP, PublicState.RETRACTED}:
        yield {Status.PUBLISHED: Status.DRAFT, Status.SCHEDULED: Status.APPROVED}.get(status, status), PublicState.DOWN


def reachable():
    """Every (status, public state) that the table lets a story come to."""
    becomes = dict.fromkeys(PUBLISHING, PublicState.UP)
    becomes |= {"confirm_retraction": PublicState.RETRACTED, "take_down": PublicState.DOWN}
    found, new = set(), {(Status.DRAFT, PublicState.NEVER)}
    while new:
        found |= new
        reached = set()
        for (status, public), verb in product(new, VERBS.values()):
            open_ = {verb.closes} if verb.closes else NOBODY
            after = verdict(verb.name, Facts(status, public, M | CLOCK, own=True, open=open_))
            if isinstance(after, Status):
                reached.add((after, becomes.get(verb.name, public)))
                reached |= set(after_blanking(status, public)) if verb.name == "confirm_blank" else set()
        new = reached - found
    return found


STATES = sorted(reachable())


class Newsroom:
    """Everybody who may try something, and what each is in it."""

    def __init__(self):
        self.ana, self.marit, self.dele = (a_journalist(username=name) for name in ("ana", "marit", "dele"))
        self.tomas, self.nora = an_editor(), an_editor(username="nora")
        self.ruth, self.max = a_managing_editor(), a_managing_editor(username="max")
        self.boss = User.objects.create_superuser("boss")
        self.gil = a_person(username="gil")
        self.retired = User.objects.create(username="retired", is_active=False)
        self.retired.groups.set(self.ruth.groups.all())
        self.own = {self.ana, self.marit}
        self.words = content(author=an_author(name="Marit Halvorsen", user=self.marit))

    def roles(self):
        journalists = dict.fromkeys((self.ana, self.marit, self.dele), J)
        editors = dict.fromkeys((self.tomas, self.nora), E)
        managing = dict.fromkeys((self.ruth, self.max, self.boss), M)
        return journalists | editors | managing | {self.gil: NOBODY, self.retired: NOBODY}


@dataclass
class Built:
    story: Article
    submitter: User | None
    opened: dict

    def facts(self, room, status, public, person, roles):
        """What is true of `person` here, by how it was built and not by how the program reads it."""
        return Facts(
            status,
            public,
            roles,
            own=person in room.own,
            submitter=person == self.submitter,
            ever_submitted=self.submitter is not None,
            open=frozenset(self.opened),
            opened=frozenset(matter for matter, opener in self.opened.items() if opener == person),
        )


def build(room, status, public, *, crowded):
    """A story in that state. In a crowded one an editor submitted, and every matter is open that can be."""
    story, built, at = Article.start(by=room.ana, now=BEGIN), Built(None, None, {}), {"now": BEGIN}
    for headline in ("First thought", "Pier closes"):
        words = room.words | {"headline": headline}
        story.save_content(words, by=room.ana, lock_version=story.lock_version, **at)
    built.story, submitter = story, room.tomas if crowded else room.ana
    if public != PublicState.NEVER:
        _bring_up(room, story, built, crowded)
    if public == PublicState.RETRACTED:
        story.propose_retraction(by=room.nora, notice="It was wrong.", now=NEXT)
        story.confirm_retraction(by=room.max, sha256=_hash_of(story, Matter.RETRACTION), now=NEXT)
    if public == PublicState.DOWN:
        story.take_down(by=room.ruth, reason=WHY, now=NEXT)
    _bring_to(room, story, built, status, submitter)
    if crowded:
        _open_matters(room, story, built, public)
    return built


def _bring_up(room, story, built, crowded):
    if crowded:
        story.publish_unreviewed(by=room.ruth, now=BEGIN, reason=WHY)
        built.opened[Matter.EMERGENCY] = room.ruth
    else:
        story.submit(by=room.ana, now=BEGIN)
        sign(story, by=room.tomas)
        story.publish(by=room.tomas, now=BEGIN)
        built.submitter = room.ana


def _bring_to(room, story, built, status, submitter):
    if status == Status.SPIKED:
        story.spike(by=room.tomas, now=THEN)
    if status in {Status.SPIKED, Status.PUBLISHED}:
        return
    words = room.words | {"headline": "Pier reopens"}
    story.save_content(words, by=room.ana, now=THEN, lock_version=story.lock_version)
    if status == Status.DRAFT:
        return
    story.submit(by=submitter, now=THEN)
    built.submitter = submitter
    if status == Status.IN_REVIEW:
        built.opened[Matter.CONTENT] = submitter
    elif status == Status.CHANGES_REQUESTED:
        story.request_changes(by=room.nora, now=THEN, comment="Who said so?")
    else:
        sign(story, by=room.nora)
        if status == Status.SCHEDULED:
            story.schedule(by=room.nora, now=THEN, at=NOW + timedelta(days=1))


def _open_matters(room, story, built, public):
    story.propose_blank(by=room.ruth, now=THEN, revisions=[1], reason=WHY)
    built.opened[Matter.BLANKING] = room.ruth
    if public == PublicState.UP:
        story.propose_retraction(by=room.tomas, now=THEN, notice="It was wrong.")
        built.opened[Matter.RETRACTION] = room.tomas


def who_tries(room, built, status, public, verb, turn):
    """[(person, what they must hear)]: one person for each verdict that anybody gets.

    What everybody is to the story is compared for everybody; `turn` changes who stands for the others.
    """
    chosen, people = {}, list(room.roles().items())
    for person, roles in people[turn % len(people) :] + people[: turn % len(people)]:
        expected = verdict(verb.name, built.facts(room, status, public, person, roles))
        chosen.setdefault(expected, person)
    return [(person, expected) for expected, person in chosen.items()]


def happens(room, built, verb, person):
    """What comes of it when `person` tries: the new status, or the sentence of the refusal. Nothing of it stays."""
    story = Article.objects.get(pk=built.story.pk)
    try:
        with transaction.atomic():
            act(verb, story, room.words | {"headline": "Pier, again"}, by=person, now=NOW)
            last = story.events.last()
            assert (last.verb, last.actor) == (verb.name, person)
            transaction.set_rollback(True)
    except MoveNotAllowed as refusal:
        return str(refusal)
    return Status(story.status)


@pytest.mark.django_db
@pytest.mark.parametrize("crowded", [False, True], ids=["plain", "crowded"])
@pytest.mark.parametrize(("status", "public"), STATES)
def test_everybody_is_told_what_the_table_says_and_a_refusal_changes_no_row(status, public, crowded):
    room, wrong, tried = Newsroom(), [], 0
    built = build(room, status, public, crowded=crowded)
    for person, roles in room.roles().items():
        assert built.story.facts(person, NOW) == built.facts(room, status, public, person, roles)
    before = every_row()
    for verb in PEOPLES_VERBS:
        for person, expected in who_tries(room, built, status, public, verb, tried):
            if crowded and "; this one is" in str(expected):
                continue  # what is open does not come into it
            happened = happens(room, built, verb, person)
            wrong += [] if happened == expected else [(verb.name, person.username, happened, expected)]
            tried += 1
        assert every_row() == before, f"{verb.name} left something behind"
    assert wrong == []
    assert tried > 15
    assert built.story.fire(now=NOW) is False
    assert every_row() == before


def test_the_states_that_a_story_can_come_to_are_these():
    by_public = {public: sorted(status for status, found in STATES if found == public) for public in PublicState}
    in_hand = [Status.APPROVED, Status.CHANGES_REQUESTED, Status.DRAFT, Status.IN_REVIEW]
    assert by_public == {
        PublicState.NEVER: [*in_hand, Status.SCHEDULED, Status.SPIKED],
        PublicState.UP: [*in_hand, Status.PUBLISHED, Status.SCHEDULED],
        PublicState.RETRACTED: in_hand,
        PublicState.DOWN: in_hand,
    }
