"""The people of the demo and their stories, each told through the verbs by those who would have used them."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files import File
from django.db.models import F
from django.utils.text import slugify

from articles.body import blocks
from articles.figures import Figure
from articles.models import Article, Author, Picture, Section, StaffMail, Topic

from .newsroom import PASSWORD, newsroom, picture_file, tomorrow

STEP = timedelta(minutes=40)  # between two things that happen to a story
NIGHT = timedelta(hours=11)  # what comes out before nine was approved the evening before
ILLUSTRATOR = "Marit Halvorsen"
RETRACTS = "Ruth Okafor"
OUT = ("submit", "approve", "publish")
ENDINGS = {
    "draft": (),
    "spiked": ("spike",),
    "in_review": ("submit",),
    "changes_requested": ("submit", "request_changes"),
    "approved": ("submit", "approve"),
    "published": OUT,
    "corrected": OUT,
    "rewritten": OUT,
    "retracted": OUT,
    "scheduled": ("submit", "approve", "schedule"),
}


# --- People, sections, topics, pictures ---------------------------------------------------------------------------


class Cast:
    """Who and what the stories are told with, by name."""

    def __init__(self, now):
        self.began = now - timedelta(weeks=40)
        self.users = {person.name: make_user(person) for person in newsroom()["people"]}
        self.pictures = {}
        self.authors = {person.name: self.make_author(person) for person in newsroom()["people"] if person.bio}
        self.sections = {row["slug"]: Section.objects.create(position=i, **row) for i, row in numbered("sections")}
        self.topics = {row["slug"]: Topic.objects.create(**row) for _, row in numbered("topics")}
        for picture in newsroom()["pictures"]:
            self.receive(picture.file, now, by=picture.by, title=picture.title, alt=picture.alt, credit=picture.credit)

    def make_author(self, person):
        credit = f"Illustration: {ILLUSTRATOR} / The Merrow Bay Record"
        photo = self.receive(
            person.photo, self.began, title=person.name, alt=f"Portrait of {person.name}.", credit=credit
        )
        user = self.users[person.name]
        return Author.objects.create(
            user=user, name=person.name, slug=slugify(person.name), bio=person.bio, photo=photo
        )

    def receive(self, file, now, *, by=ILLUSTRATOR, **said):
        """The picture of this file, uploaded when it is first asked for."""
        if file not in self.pictures:
            with picture_file(file).open("rb") as stored:
                self.pictures[file] = Picture.receive(File(stored), by=self.users[by], now=now, **said)
        return self.pictures[file]


def numbered(name):
    return enumerate(newsroom()[name], start=1)


def make_user(person):
    first, last = person.name.split()
    user = get_user_model().objects.create_user(
        person.username,
        email=f"{first.lower()}.{last.lower()}@merrowbay.example",
        password=PASSWORD if person.account else None,
        first_name=first,
        last_name=last,
        is_staff=True,
        is_superuser=person.username == "admin",
    )
    if person.group:
        user.groups.add(Group.objects.get(name=person.group))
    return user


# --- A story and what happened to it ------------------------------------------------------------------------------


class Telling:
    """One story on its way; `at` moves from deed to deed."""

    def __init__(self, story, cast, now):
        self.story, self.cast, self.now = story, cast, now
        self.author = cast.users[story.authors[0][0]]
        self.reader = cast.users[story.read_by]
        self.steps = steps_of(story)
        self.at = self.beginning_of_work()
        self.body = self.with_picture(story.body.replace(*story.wrong) if story.wrong else story.body)

    def tell(self):
        self.article = Article.start(by=self.author, now=self.at)
        self.save(self.beginning())
        self.at += STEP
        self.save(self.without_the_end() if self.story.asked else self.body)
        for step in self.steps:
            self.at += STEP
            getattr(self, step)()
        if self.story.ends == "corrected":
            self.correct()
        if self.story.ends == "rewritten":
            self.rewrite()
        if self.story.ends == "retracted":
            self.retract()
        return self.article

    def beginning_of_work(self):
        last = self.story.when.moment(self.now)
        night = NIGHT if "publish" in self.steps and self.story.when.at < "09:00" else timedelta()
        return last - night - STEP * (len(self.steps) + 1)

    def beginning(self):
        return "".join(blocks(self.body)[:3])

    def without_the_end(self):
        return "".join(blocks(self.body)[:-2])

    def save(self, body):
        self.article.save_content(
            self.content(body), by=self.author, now=self.at, lock_version=self.article.lock_version
        )

    def content(self, body):
        """What the form would hand over."""
        story, cast = self.story, self.cast
        return {
            **{name: getattr(story, name) for name in ("kicker", "headline", "standfirst", "slug", "language")},
            **{name: getattr(story, name) for name in ("sensitivity", "share_title", "share_text")},
            **(self.lead_picture() if story.picture else {}),
            "body": body,
            "section": cast.sections[story.section].pk,
            "topics": [cast.topics[slug].pk for slug in story.topics],
            "byline": [{"author": cast.authors[name].pk, "role": role} for name, role in story.authors],
        }

    def with_picture(self, body):
        """`body` with the picture that stands in its text, if its story has one there."""
        if not self.story.in_text:
            return body
        words, file, caption = self.story.in_text
        picture = self.cast.pictures[file]
        figure = Figure(str(picture.pk), picture.alt, caption, picture.credit).html
        return "".join(block + figure if words in block else block for block in blocks(body))

    def lead_picture(self):
        story = self.story
        title = story.picture.removesuffix(".jpg").replace("-", " ").capitalize()
        picture = self.cast.receive(story.picture, self.at, title=title, alt=story.alt, credit=story.credit)
        said = {f"lead_{name}": getattr(story, name) for name in ("alt", "caption", "credit", "focal")}
        return {"lead_picture": picture.pk, **said}

    # --- the verbs

    def submit(self, **said):
        self.article.submit(by=self.author, now=self.at, **said)

    def request_changes(self):
        self.article.request_changes(by=self.reader, now=self.at, comment=self.story.comment)

    def ask_for_the_end(self):
        self.article.request_changes(by=self.reader, now=self.at, comment=self.story.asked)

    def add_the_end(self):
        self.save(self.body)

    def approve(self):
        review = self.article.latest_review
        self.article.approve(by=self.reader, now=self.at, sha256=review.sha256)

    def publish(self):
        self.at = max(self.at, self.story.when.moment(self.now))
        self.article.publish(by=self.reader, now=self.at)

    def spike(self):
        self.article.spike(by=self.author, now=self.at)

    def correct(self):
        """The wrong figure is put right in public, by two people again."""
        self.at = self.story.corrected.moment(self.now) - 2 * STEP
        self.save(self.story.body)
        self.at += STEP
        self.submit(kind="correction", public_note=self.story.note)
        self.at += STEP
        self.approve()
        self.publish()

    def schedule(self):
        self.article.schedule(by=self.reader, now=self.at, at=tomorrow(self.story.goes_out, self.now))

    def retract(self):
        """One editor proposes it with the notice to readers, another one confirms."""
        proposer, self.at = self.cast.users[RETRACTS], self.story.retracted.moment(self.now) - STEP
        review = self.article.propose_retraction(by=proposer, now=self.at, notice=self.story.note)
        self.at += STEP
        self.article.confirm_retraction(by=self.reader, now=self.at, sha256=review.sha256)

    def rewrite(self):
        """The author works on the next version, which nobody has read yet."""
        self.at = self.story.rewritten.moment(self.now)
        for before, after in self.story.rewrite:
            self.body = self.body.replace(before, after)
        self.save(self.body)


def steps_of(story):
    """The verbs in their order; a story whose end was asked for went to its reader twice."""
    detour = ("submit", "ask_for_the_end", "add_the_end") if story.asked else ()
    return (*detour, *ENDINGS[story.ends])


def tell_all(now):
    """Makes the people and tells every story, in the order of time; returns ({name: user}, {file: article})."""
    cast = Cast(now)
    stories = sorted(newsroom()["stories"], key=lambda story: story.when.moment(now))
    told = {story.file: Telling(story, cast, now).tell() for story in stories}
    mails_were_sent()
    return cast.users, told


def mails_were_sent():
    """What was owed to staff in the past went out on its day, as the receipts did."""
    StaffMail.objects.queued().update(status=StaffMail.Status.SENT, sending_at=F("queued_at"), sent_at=F("queued_at"))
