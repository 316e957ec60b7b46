"""A newsroom in which every word that readers must not find is one of a kind, so that it is known wherever it turns up."""

import re
from datetime import timedelta
from uuid import uuid4

from articles.models import Article, Autosave, Picture
from tests.articles.factories import (
    BEGIN,
    a_figure,
    a_journalist,
    a_managing_editor,
    a_section,
    a_topic,
    an_author,
    an_editor,
    content,
    picture_file,
    sign,
)

NOW = BEGIN + timedelta(days=10)
TOKEN = re.compile(r"kz\d+kz")
TEXTS = (
    "kicker",
    "headline",
    "standfirst",
    "slug",
    "lead_alt",
    "lead_caption",
    "lead_credit",
    "share_title",
    "share_text",
)
OF_A_NOTICE = {"kicker", "headline", "slug", "role", "author", "topic"}  # what a retracted story keeps in public
PEOPLE = {"author", "topic"}  # have pages for ever, once something of theirs was public


def tokens_in(text):
    return set(TOKEN.findall(str(text)))


class Newsroom:
    """`secret` and `public` say of each token where it was written."""

    def __init__(self):
        self.secret, self.public, self.of_everybody = {}, {}, {}
        self.ana, self.tomas, self.ruth = a_journalist(), an_editor(), a_managing_editor()
        for person in (self.ana, self.tomas, self.ruth):
            person.email = f"{person.username}@example.org"
            person.save()
        self.section = a_section()
        self.stories, self.pictures, self.links, self.addresses = {}, [], [], set()
        self.once_public = []  # the files of pictures

    def token(self, place, *, shown=False):
        word = f"kz{len(self.secret) + len(self.public) + len(self.of_everybody)}kz"
        # A topic and an author are known to everybody at the desk, and unknown to readers until they are born.
        known = self.public if shown else self.of_everybody if place.split()[-1] in PEOPLE else self.secret
        known[word] = place
        return word

    def words(self, name, *, shown=()):
        """A whole content of new tokens; those of the fields `shown` are what readers may find."""

        def new(field):
            return self.token(f"{name} {field}", shown=field in shown)

        author = an_author(name=new("author"), bio=new("author"), slug=new("author"))
        lead, inside = self.picture(name), self.picture(name)
        figure = a_figure(inside, alt=new("body"), caption=new("body"), credit=new("body"))
        return content(
            **{field: new(field) for field in TEXTS},
            body=f"<p>{new('body')}</p><h2>{new('body')}</h2>{figure}",
            section=self.section.pk,
            byline=[{"author": author.pk, "role": ""}, {"author": author.pk, "role": new("role")}],
            topics=[a_topic(name=new("topic")).pk],
            lead_picture=lead.pk,
            author=author,
        )

    def picture(self, name):
        said = {"alt": self.token(f"{name} picture"), "credit": self.token(f"{name} picture")}
        file = picture_file(width=320, height=160)
        picture = Picture.objects.create(
            title=self.token(f"{name} picture"), original=file, uploaded_by=self.ana, uploaded_at=BEGIN, **said
        )
        self.pictures.append(picture)
        return picture

    # --- The steps of a story's life, each by whoever may -----------------------------------------------------------

    def draft(self, name, *, shown=()):
        story = self.stories[name] = Article.start(by=self.ana, now=BEGIN)
        self.save(story, self.words(f"{name} before"))
        return self.save(story, self.words(name, shown=shown))

    def save(self, story, words):
        story.save_content(words, by=self.ana, now=BEGIN, lock_version=story.lock_version)
        return story

    def submitted(self, name, *, shown=(), **about):
        story = self.draft(name, shown=shown)
        story.submit(by=self.ana, now=BEGIN, **about)
        return story

    def approved(self, name, *, shown=()):
        return sign(self.submitted(name, shown=shown), by=self.tomas)

    def published(self, name, *, shown=()):
        story = self.approved(name, shown=shown)
        version = story.publish(by=self.tomas, now=BEGIN)
        self.addresses.add(version.get_absolute_url())
        return story

    def next_version(self, story, name, *, shown=(), kind="correction"):
        """Approved words for a live story; its note to readers is public with them."""
        self.save(story, self.words(name, shown=shown))
        note = self.token(f"{name} note", shown="note" in shown)
        story.submit(by=self.ana, now=BEGIN, kind=kind, public_note=note)
        return sign(story, by=self.tomas)

    def secret_reason(self, story, verb, **more):
        name = next(name for name, known in self.stories.items() if known == story)
        return {"reason": f"{self.token(f'{name} {verb} reason')}, and many words more", "by": self.ruth} | more


ALL = {*TEXTS, "body", "role", "author", "topic", "note"}


def newsroom():
    """Every state that a story may be in, with everything around it that somebody may have typed."""
    room = Newsroom()
    _never_public(room)
    _surroundings(room)
    _removed(room)
    _live(room)
    return room


def _never_public(room):
    room.submitted("in review", public_note=room.token("in review note"))
    sent_back = room.submitted("sent back")
    sent_back.request_changes(by=room.tomas, now=BEGIN, comment=room.token("sent back comment"))
    room.approved("approved")
    room.approved("scheduled").schedule(by=room.tomas, now=BEGIN, at=NOW + timedelta(hours=1))
    stopped = room.approved("unscheduled")
    stopped.schedule(by=room.tomas, now=BEGIN, at=NOW + timedelta(hours=1))
    stopped.unschedule(by=room.tomas, now=BEGIN)
    embargoed = room.approved("embargoed")
    embargoed.set_embargo(by=room.tomas, now=BEGIN, until=NOW + timedelta(days=2))
    embargoed.set_embargo(now=BEGIN, until=NOW + timedelta(days=1), **room.secret_reason(embargoed, "embargo"))
    room.draft("spiked").spike(by=room.ana, now=BEGIN)


def _surroundings(room):
    story = room.draft("draft")
    story.note(by=room.tomas, now=BEGIN, text=room.token("draft note"), quote=room.token("draft note quote"))
    typed = room.words("draft autosave")
    Autosave.objects.create(article=story, by=room.ana, content=typed | {"lead_picture": None}, lock_version=1, at=NOW)
    Autosave.objects.create(
        form_key=uuid4(), by=room.ana, content={"headline": room.token("new autosave")}, lock_version=0, at=NOW
    )
    story.require_legal_check(by=room.tomas, now=BEGIN, note=room.token("draft legal note"))
    story.switch_appeal(by=room.tomas, now=BEGIN, on=False, reason=room.token("draft appeal reason"))
    link = story.share_preview(by=room.ana, now=NOW, meant_for=room.token("draft link for"))
    revoked = story.share_preview(by=room.ana, now=NOW, meant_for=room.token("draft revoked link for"))
    story.revoke_preview(revoked, by=room.ana, now=NOW)
    room.links = [link, revoked]
    restricted = room.submitted("restricted")
    restricted.assign(by=room.ruth, now=BEGIN, restricted=True)
    urgent = room.draft("restricted emergency", shown=ALL)
    urgent.assign(by=room.ruth, now=BEGIN, restricted=True)
    version = urgent.publish_unreviewed(now=BEGIN, **room.secret_reason(urgent, "emergency"))
    room.addresses.add(version.get_absolute_url())


def _removed(room):
    down = room.published("taken down", shown=PEOPLE)
    down.take_down(now=BEGIN, **room.secret_reason(down, "takedown"))
    retracted = room.published("retracted", shown=OF_A_NOTICE)
    notice = room.token("retracted notice", shown=True)
    review = retracted.propose_retraction(by=room.tomas, now=BEGIN + timedelta(hours=1), notice=notice)
    retracted.confirm_retraction(by=room.ruth, now=BEGIN + timedelta(hours=2), sha256=review.sha256)
    blanked = room.published("blanked", shown=PEOPLE | {"role"})
    blanked.take_down(now=BEGIN + timedelta(minutes=1), **room.secret_reason(blanked, "takedown"))
    blanked.note(by=room.tomas, now=BEGIN, text=room.token("blanked remark"))
    blanked.share_preview(by=room.ana, now=NOW, meant_for=room.token("blanked link for"))


def blank(room):
    """The last step, once it was seen that those words were there: afterwards no table has them."""
    story = room.stories["blanked"]
    story.propose_blank(now=BEGIN, revisions=[2], code=451, **room.secret_reason(story, "blanking"))
    story.confirm_blank(by=room.tomas, now=BEGIN + timedelta(hours=1))


def _live(room):
    live = room.published("live", shown=ALL)
    room.next_version(live, "second", shown=ALL)
    room.addresses.add(live.publish(by=room.tomas, now=BEGIN + timedelta(hours=3)).get_absolute_url())
    room.save(live, room.words("newer working copy"))
    live.submit(by=room.ana, now=BEGIN, kind="clarification", public_note=room.token("newer note"))
    live.propose_retraction(by=room.tomas, now=BEGIN + timedelta(hours=4), notice=room.token("proposed notice"))
    live.propose_blank(now=BEGIN, revisions=[1], **room.secret_reason(live, "proposed blanking"))
    following = room.published("following", shown=ALL)
    room.next_version(following, "scheduled next version").schedule(
        by=room.tomas, now=BEGIN, at=NOW + timedelta(hours=1)
    )
    urgent = room.draft("emergency", shown=ALL)
    version = urgent.publish_unreviewed(now=BEGIN, **room.secret_reason(urgent, "emergency"))
    room.addresses.add(version.get_absolute_url())
    urgent.object_to_emergency(by=room.tomas, now=BEGIN, comment=room.token("emergency objection"))
