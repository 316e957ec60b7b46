"""Random verbs by random people under a moving clock: after every step the rules of the newsroom still hold.

`make test-long` takes 2,000 steps, and others each time (RANDOM_STEPS says how many). Rows are looked at after every step;
readers' pages (R7, R9, R11) now and then and at the end. That no form writes a status (R6) and that a late clock is shouted
about (R10) is tried in `test_side_doors.py` and `test_schedule.py`.
"""

import os
import random
import re
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from articles.models import Article, ArticleChanged, Event, Publication, Review, Revision
from articles.verification import findings
from articles.workflow import MOVES_UPDATED, VERBS, Matter, MoveNotAllowed, PublicState, Status

from .factories import BEGIN, a_journalist, a_managing_editor, an_author, an_editor, content
from .forms import words
from .tables import every_row
from .test_matrix import STATES

ALL_STEPS = int(os.environ.get("RANDOM_STEPS", 200))
AT_ONCE = 50  # steps of one newsroom; the next one begins afresh
TOKEN = re.compile(r"zq\d+zq")  # every save has one of its own, so that words can be told apart wherever they turn up
WHY = "The dam broke and everybody has to leave."
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
A_WHILE = [3 * SECOND, 30 * SECOND, HOUR, timedelta(days=2)]
A_KIND = [None, "typo", "update", "clarification", "correction", "first"]
WHAT_PEOPLE_DO = [name for name in VERBS if name != "fire"]
LETS_OUT = {"publish", "publish_unreviewed", "reinstate", "schedule"}
CHANGES_THE_PAGE = (LETS_OUT - {"schedule"}) | {"confirm_retraction", "take_down", "confirm_blank"}
STOPS = CHANGES_THE_PAGE | {"unschedule", "reopen", "embargo"}  # where the story is not scheduled any more afterwards
ONWARDS = ("submit", "approve", "publish", "schedule", "reinstate", "confirm_retraction", "confirm_blank", "unspike")
OFTEN = dict.fromkeys(ONWARDS, 10) | {"save": 4, "spike": 1, "propose_blank": 1}  # else 2
HAPPENS = ["somebody_acts"] * 20 + ["time_passes"] * 4 + ["the_clock_fires", "somebody_tries_anything"] * 2
HAPPENS += ["somebody_has_an_old_page_open", "readers_come"]
KEPT = {  # what of a row never changes, whoever blanks what (R22)
    Revision: ("article", "number", "sha256", "by", "at"),
    Event: ("article", "number", "verb", "actor", "at"),
    Review: ("article", "subject", "revision", "kind", "sha256", "submitted_by", "submitted_at"),
    Publication: (
        *("article", "version", "kind", "sha256", "submitted_by", "approved_by", "approved_sha256", "emergency_by"),
        *("revision", "first_published", "updated", "visible_from", "section"),
    ),
}


class People:
    """Two journalists, two editors, two managing editors, and whoever runs the server."""

    def __init__(self):
        ana, marit = a_journalist(), a_journalist(username="marit")
        editors = an_editor(), an_editor(username="nora"), a_managing_editor(), a_managing_editor(username="max")
        self.all = [ana, marit, *editors, User.objects.create_superuser("boss")]
        authors = an_author(user=ana), an_author(name="Marit Halvorsen", user=marit)
        self.bylines = [[{"author": author.pk, "role": ""} for author in some] for some in (authors, authors[:1])]
        self.words = content()


def fresh(story):
    return Article.objects.get(pk=story.pk)


def offered_to(person, story, now):
    return [verb.name for verb in story.allowed_verbs(person, now)] or WHAT_PEOPLE_DO


def token_of(words_):
    found = TOKEN.search(str(words_))
    return found and found[0]


class RandomNewsroom(RuleBasedStateMachine):
    people = None  # given by the test, and the same for all newsrooms
    done = set()  # the verbs that somebody really used

    def __init__(self):
        super().__init__()
        self.now, self.tokens, self.kept = BEGIN, 0, {}
        self.tokens_by_revision, self.public_from, self.blanked = {}, {}, set()
        self.waiting, self.addresses, self.embargoes = {}, {}, {}
        self.scene = transaction.atomic()
        self.scene.__enter__()
        self.stories = [Article.start(by=person, now=self.now) for person in self.people.all[:2]]

    def teardown(self):
        try:
            self.readers_come()
            assert [str(finding) for finding in findings(Article.objects.all(), Counter())] == []
        finally:
            transaction.set_rollback(True)
            self.scene.__exit__(None, None, None)

    # --- What happens --------------------------------------------------------------------------------------------

    @initialize(seed=st.integers(0, 2**64))
    def everybody_writes(self, seed):
        """One seed for all that happens here: hypothesis' own draws lean to the first of a list, and to repeats."""
        self.chance = random.Random(seed)
        for story in self.stories:
            self.does(fresh(story), story.creator, "save")

    @rule()
    def something_happens(self):
        what, story, person = (self.chance.choice(among) for among in (HAPPENS, self.stories, self.people.all))
        getattr(self, what)(fresh(story), person)

    def somebody_acts(self, story, person):
        """What can be done with the story as it stands, by one who may do it; rather onwards than round and round."""
        possible = offered_to(self.people.all[-1], story, self.now)
        [verb] = self.chance.choices(possible, [OFTEN.get(name, 2) for name in possible])
        able = [one for one in self.chance.sample(self.people.all, 3) if verb in offered_to(one, story, self.now)]
        self.does(story, able[0] if able else person, verb)

    def somebody_tries_anything(self, story, person):
        self.does(story, person, self.chance.choice(WHAT_PEOPLE_DO))

    def somebody_has_an_old_page_open(self, story, person):
        """R4: whatever it asks for, it never wins."""
        verb, before = self.chance.choice(offered_to(person, story, self.now)), every_row()
        with pytest.raises((ArticleChanged, MoveNotAllowed)):
            self.use(story, verb, person, lock_version=story.lock_version - 1)
        assert every_row() == before

    def time_passes(self, story, person):
        """Also to the very second at which something is due, and to the last one before."""
        step = self.chance.choice([SECOND, 4 * SECOND, HOUR, "due", "nearly due"])
        if isinstance(step, timedelta):
            self.now += step
        elif (
            to_come := Publication.objects.filter(visible_from__gt=self.now + SECOND).order_by("visible_from").first()
        ):
            self.now = to_come.visible_from - (SECOND if step == "nearly due" else 0 * SECOND)

    def the_clock_fires(self, story, person):
        _, at = self.waiting.get(story.pk, (None, self.now + SECOND))
        assert story.fire(now=self.now) == (at <= self.now)
        if at <= self.now:
            del self.waiting[story.pk]

    def readers_come(self, *_):
        """R7, R9, R11: what was public once answers for ever, and no page says more than was let out."""
        with time_machine.travel(self.now, tick=False):
            client = Client()
            for address in sorted(set().union(*self.addresses.values())):
                page = client.get(address)
                if page.status_code == 301:
                    page = client.get(page["Location"])
                    assert page.status_code == 200
                assert page.status_code in {200, 410, 451}
                self.assert_nothing_slips_out(page.content.decode())
            front, feed = words(client.get("/")), client.get("/feed/rss.xml").content.decode()
            self.assert_nothing_slips_out(front + feed)
            for version in Publication.objects.visible(self.now):
                assert version.byline in words(client.get(version.get_absolute_url()))
                assert version.byline in front
                assert version.byline.removeprefix("By ") in feed

    # --- How it happens ------------------------------------------------------------------------------------------

    def does(self, story, person, verb):
        self.now += SECOND / 10  # nobody acts twice in one instant
        before, shown = every_row(), self.shown()
        try:
            done = self.use(story, verb, person, lock_version=story.lock_version)
        except (MoveNotAllowed, ArticleChanged):
            assert every_row() == before
            return
        if verb not in CHANGES_THE_PAGE:  # R5
            assert self.shown() == shown
        self.done.add(verb)
        self.learn(story, verb, done)

    def use(self, story, verb, by, *, lock_version):
        who = {"by": by, "now": self.now, "lock_version": lock_version}
        if verb == "save" and self.chance.random() < 0.2:
            return story.restore(self.a_revision(story), **who)
        method = {"save": "save_content", "embargo": "set_embargo"}.get(verb, verb)
        return getattr(story, method)(**self.typed_for(verb, story), **who)

    def a_revision(self, story):
        return self.chance.randint(1, story.revisions.count() or 1)

    def typed_for(self, verb, story):
        """What the verb asks for: mostly well, now and then badly."""
        one_of, until = self.chance.choice, self.chance.choice([None, *A_WHILE])
        typed = {
            "save": lambda: {"values": self.new_words()},
            "submit": lambda: {"kind": one_of(A_KIND), "public_note": one_of(["The year was wrong."] * 4 + [""])},
            "approve": lambda: {"sha256": _hash_of(story, Matter.CONTENT)},
            "request_changes": lambda: {"comment": one_of(["Who said so?"] * 4 + [" "])},
            "schedule": lambda: {"at": self.now + one_of(A_WHILE)},
            "embargo": lambda: {"until": until and self.now + until, "reason": one_of([WHY] * 4 + [""])},
            "publish_unreviewed": lambda: {"reason": WHY, "kind": one_of(A_KIND), "public_note": "We were early."},
            "object_to_emergency": lambda: {"comment": "The dam stands."},
            "propose_retraction": lambda: {"notice": "It was wrong."},
            "confirm_retraction": lambda: {"sha256": _hash_of(story, Matter.RETRACTION)},
            "take_down": lambda: {"reason": WHY, "code": one_of([410, 451])},
            "reinstate": lambda: {"reason": WHY},
            "propose_blank": lambda: {"revisions": [self.a_revision(story)], "reason": WHY},
        }
        return typed[verb]() if verb in typed else {}

    def new_words(self):
        self.tokens += 1
        token = f"zq{self.tokens}zq"
        return self.people.words | {
            "headline": f"Pier {token}",
            "standfirst": f"On {token}.",
            "body": f"<p>Of {token}.</p>",
            "slug": self.chance.choice(["", "pier"]),
            "byline": self.chance.choice(self.people.bylines),
        }

    # --- What the test knows of it, without asking the program ---------------------------------------------------

    def learn(self, story, verb, done):
        token, at = self.waiting.get(story.pk, (None, self.now))
        if token and at <= self.now:  # the verb found it due, and booked it first
            assert story.events.filter(verb="fire").last().data["version"]
            del self.waiting[story.pk]
        elif token and verb in STOPS and story.status != Status.SCHEDULED:
            del self.waiting[story.pk], self.public_from[token]
        if verb == "embargo":
            self.embargoes[story.pk] = story.embargo
        if verb in LETS_OUT:
            embargo = self.embargoes.get(story.pk)
            assert embargo is None or done.visible_from >= embargo  # R2, whatever the version's own row says
            out = token_of(done.headline)
            self.public_from[out] = min(self.public_from.get(out, done.visible_from), done.visible_from)
        if verb == "schedule":
            self.waiting[story.pk] = token_of(done.headline), done.visible_from
        revisions = self.tokens_by_revision.setdefault(story.pk, {})
        if verb == "confirm_blank":
            gone = {revisions[number] for number in story.events.last().data["revisions"]}
            self.blanked |= gone
        elif token := token_of(story.headline):
            revisions[story.latest_revision.number] = token

    def shown(self):
        """What readers see now, but for when it will end."""
        rows = Publication.objects.visible(self.now).order_by("pk").values()
        return [{name: value for name, value in row.items() if name != "visible_until"} for row in rows]

    def assert_nothing_slips_out(self, text):
        let_out = {token for token, since in self.public_from.items() if since <= self.now}
        assert set(TOKEN.findall(text)) <= let_out - self.blanked

    # --- What holds after every step -----------------------------------------------------------------------------

    @invariant()
    def the_rules_hold(self):
        self.every_version_was_signed_and_is_what_was_signed()
        self.nothing_waits_that_may_not_go_out()
        self.every_story_stands_where_it_may()
        self.dates_say_when_readers_first_and_last_had_something_new()
        self.only_what_was_let_out_is_seen()
        self.hashes_people_and_times_stay()

    def every_version_was_signed_and_is_what_was_signed(self):
        """R1, R2, and the hash of every row's own columns."""
        for version in Publication.objects.prefetch_related("bylines", "topics"):
            assert version.blanked_at or version.is_intact()
            assert version.embargo is None or version.visible_from >= version.embargo
            if version.emergency_by_id:
                assert version.submitted_by_id is version.approved_by_id is None
                assert len(version.emergency_reason) >= 20
                continue
            signed = {"sha256": version.sha256, "outcome": "approved", "revision": version.revision_id}
            people = {"submitted_by": version.submitted_by_id, "decided_by": version.approved_by_id}
            assert Review.objects.filter(article=version.article_id, **signed, **people).exists()
            assert version.submitted_by_id != version.approved_by_id
        assert all(revision.is_intact() for revision in Revision.objects.all())

    def nothing_waits_that_may_not_go_out(self):
        """R2 once more, for an embargo that came after the schedule; and R10 for what has come due."""
        for version in Publication.objects.open().filter(visible_from__gt=self.now).select_related("article"):
            assert version.article.embargo is None or version.article.embargo <= version.visible_from
            assert version.article_id in self.waiting
        for story, (token, at) in self.waiting.items():
            if at <= self.now:
                assert token_of(Publication.objects.visible(self.now).get(article=story).headline) == token

    def every_story_stands_where_it_may(self):
        """R3, and at most one version at a time."""
        for story in self.stories:
            story, open_ = fresh(story), Review.objects.open().filter(article=story)
            public = story.public_state(self.now)
            assert (Status(story.status), public) in STATES
            was_seen = Publication.objects.once_seen(self.now).filter(article=story).exists()
            assert was_seen == (public != PublicState.NEVER)  # up, or told why not, for ever
            assert story.publications.open().exists() or not was_seen
            subjects = list(open_.values_list("subject", flat=True))
            assert len(subjects) == len(set(subjects))
            assert (Matter.CONTENT in subjects) == (story.status == Status.IN_REVIEW)
            assert public == PublicState.UP or Matter.RETRACTION not in subjects
            spans = list(story.publications.exclude(visible_until=F("visible_from")).order_by("visible_from"))
            for earlier, later in pairwise(spans):
                assert earlier.visible_until == later.visible_from
            numbers = list(story.events.order_by("number").values_list("number", flat=True))
            assert numbers == list(range(1, len(numbers) + 1))

    def dates_say_when_readers_first_and_last_had_something_new(self):
        """R8."""
        for story in self.stories:
            first = updated = None
            for version in Publication.objects.once_seen(self.now).filter(article=story).order_by("version"):
                updated = version.visible_from if first and version.kind in MOVES_UPDATED else updated
                first = first or version.visible_from
                assert (version.first_published, version.updated) == (first, updated)

    def only_what_was_let_out_is_seen(self):
        """R9 on rows; what was blanked is in no table of the app."""
        for version in Publication.objects.visible(self.now).select_related("section"):
            self.addresses.setdefault(version.article_id, set()).add(version.get_absolute_url())
        self.assert_nothing_slips_out(str(list(Publication.objects.seen(self.now).values())))
        assert not self.blanked & set(TOKEN.findall(str(every_row())))

    def hashes_people_and_times_stay(self):
        """R22."""
        found = {}
        for model, columns in KEPT.items():
            found |= {(model, pk): row for pk, *row in model.objects.values_list("pk", *columns)}
        assert {key: found.get(key) for key in self.kept} == self.kept
        self.kept = found


def _hash_of(story, matter):
    review = story.reviews.open().filter(subject=matter).first()
    return review.sha256 if review else ""


@pytest.mark.django_db
def test_no_rule_is_broken_by_whatever_anybody_does():
    RandomNewsroom.people = People()
    newsrooms = settings(
        max_examples=max(1, ALL_STEPS // AT_ONCE),
        stateful_step_count=AT_ONCE,
        derandomize="RANDOM_STEPS" not in os.environ,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(RandomNewsroom, settings=newsrooms)
    assert len(RandomNewsroom.done) > 15
