"""The canary crawl: words of every secret kind are laid out, then every route is read, and none may hold one (R9)."""

import re
from contextlib import suppress
from functools import partial
from uuid import UUID

import pytest
import time_machine
from django.apps import apps
from django.test import Client

from articles import renditions, schedule
from articles.mails import compose
from articles.models import Author, Note, Picture, PublicationPicture, StaffMail, Topic
from donations.models import Gift
from outbox.sending import NotOwed
from tests.articles.factories import a_journalist
from tests.articles.forms import words
from tests.articles.tables import every_row
from tests.donations.factories import make_campaign, make_gift

from .canary import NOW, blank, newsroom, tokens_in
from .routes import routes

UNKNOWN = 99999
STORY = "<str:section>/<str:year>/<str:month>/<story:name>"

# --- Every route, and what is read of it ---------------------------------------------------------------------------


def story_addresses(room):
    """Each story where it is or was public; the others by their number alone, which finds a story too."""
    known = {int(address.rstrip("/").rpartition("-")[2]) for address in room.addresses}
    others = [story.pk for story in room.stories.values() if story.pk not in known]
    return sorted(room.addresses) + [f"/coast/2026/10/story-{number}/" for number in [min(known), *others, UNKNOWN]]


def with_feed(kind, slugs):
    return [f"/{kind}/{slug}/feed/rss.xml" for slug in slugs]


def version_addresses(room):
    return [f"{address}versions/{number}/" for address in story_addresses(room) for number in range(1, 4)]


def slugs(model):
    return [*model.objects.values_list("slug", flat=True), "nobody"]


def files(room):
    """Private files by their names, in the public place and beside it; and all that were ever public."""
    names = [picture.original.name for picture in room.pictures]
    beside = [f"../private/{names[0]}", f"%2e%2e/private/{names[0]}"]
    return [f"/media/{name}" for name in [*names, *room.once_public, *beside]]


def without_slash(paths):
    return [path.rstrip("/") for path in paths]


READERS = {
    "": lambda room: ["/", "/?page=2"],
    "healthz": lambda room: ["/healthz"],
    "healthz/worker": lambda room: ["/healthz/worker"],
    "readyz": lambda room: ["/readyz"],
    "^media/(?P<path>.+)$": files,
    "donate/": lambda room: [f"/donate/?article={story.pk}" for story in room.stories.values()],
    "donate/shown/<int:article_id>.gif": lambda room: [f"/donate/shown/{pk}.gif" for pk in [*range(1, 4), UNKNOWN]],
    "thanks/": lambda room: ["/thanks/", "/thanks/?session=cs_1"],
    "campaigns/<slug:slug>/": lambda room: ["/campaigns/canary/", "/campaigns/none/"],
    "campaigns/<slug:slug>/bar/": lambda room: ["/campaigns/canary/bar/"],
    "campaigns/<slug:slug>.json": lambda room: ["/campaigns/canary.json"],
    "stripe/webhook/": lambda room: ["/stripe/webhook/"],
    "stripe/webhook": lambda room: ["/stripe/webhook"],
    "feed/rss.xml": lambda room: ["/feed/rss.xml"],
    "about/<words:policy>/": lambda room: ["/about/ethics/", "/about/none/"],
    "preview/<str:token>/": lambda room: [f"/preview/{token}/" for token in closed_links(room)],
    "preview/<str:token>/picture/<uuid:key>/": lambda room: [
        f"/preview/{token}/picture/{picture.pk}/" for token in closed_links(room) for picture in room.pictures[:9]
    ],
    "corrections/": lambda room: ["/corrections/"],
    "corrections/feed/rss.xml": lambda room: ["/corrections/feed/rss.xml"],
    "topics/<words:slug>/": lambda room: [f"/topics/{slug}/" for slug in slugs(Topic)],
    "topics/<words:slug>": lambda room: [f"/topics/{slug}" for slug in slugs(Topic)],
    "topics/<words:slug>/feed/rss.xml": lambda room: with_feed("topics", slugs(Topic)),
    "authors/<words:slug>/": lambda room: [f"/authors/{slug}/" for slug in slugs(Author)],
    "authors/<words:slug>": lambda room: [f"/authors/{slug}" for slug in slugs(Author)],
    "authors/<words:slug>/feed/rss.xml": lambda room: with_feed("authors", slugs(Author)),
    "<section:section>/": lambda room: ["/coast/", "/nowhere/"],
    "<section:section>": lambda room: ["/coast"],
    "<section:slug>/feed/rss.xml": lambda room: ["/coast/feed/rss.xml"],
    f"{STORY}/": story_addresses,
    STORY: lambda room: without_slash(story_addresses(room)),
    f"{STORY}/versions/": lambda room: [f"{address}versions/" for address in story_addresses(room)],
    f"{STORY}/versions": lambda room: [f"{address}versions" for address in story_addresses(room)],
    f"{STORY}/versions/<int:number>/": version_addresses,
    f"{STORY}/versions/<int:number>": lambda room: without_slash(version_addresses(room)[::3]),
    "admin/^(?P<app_label>articles|donations|auth)/$": lambda room: ["/admin/articles/", "/admin/auth/"],
    "admin/(?P<url>.*)$": lambda room: ["/admin/nothing/of/this/kind/"],
    "admin/login/": lambda room: [f"/admin/login/?next=/admin/articles/article/{UNKNOWN}/change/"],
}


def giving(route):
    """A page of a giver's own, asked for by somebody who is none: no token and no gift is theirs."""
    return re.sub(
        r"<uuid:\w+>", str(UUID(int=1)), re.sub(r"<int:\w+>", "2026", re.sub(r"<str:\w+>", "none", f"/{route}"))
    )


READERS |= {
    route: partial(lambda path, room: [path], giving(route)) for route in routes() if route.startswith("giving/")
}


def closed_links(room):
    """Links that were revoked or never made; an open one is somebody's key, and shows what it is for."""
    link, revoked = room.links
    return [revoked.token, f"{link.token[:-3]}abc", str(link.pk)]


class DeskRoutes:
    """Addresses of the desk for a route: its model says whose keys belong into it."""

    NUMBERS = {"number": 1, "note_id": lambda: Note.objects.first().pk}
    KEYS = {"object_id", "key", "id"}
    ABOUT_A_ROW = re.compile(r"admin/(\w+)/(\w+)/.*<")

    def __init__(self, keys):
        self.keys = keys  # {model name: keys of its rows}

    def addresses(self, route):
        if "<" not in route:
            return [f"/{route}"]
        app, model = self.ABOUT_A_ROW.match(route).groups()
        keys = self.keys.get(model) or self.some(app, model)
        return [self.filled(route, key) for key in keys]

    def some(self, app, model):
        row = apps.get_model(app, model).objects.first()
        return [row.pk] if row else [UNKNOWN]

    def filled(self, route, key):
        def value(match):
            name = match[1].split(":")[-1]
            if name in self.KEYS:
                return str(key)
            number = self.NUMBERS[name]  # a KeyError here: the crawl does not know this part of a route
            return str(number() if callable(number) else number)

        return "/" + re.sub(r"<([^>]+)>", value, route)


def desk_routes():
    return [route for route in routes() if route.startswith("admin/") and route not in READERS]


def addresses_of_the_desk(**keys):
    filler = DeskRoutes(keys)
    return [address for route in desk_routes() for address in filler.addresses(route)]


def read(client, address):
    """What `address` answers: its status, and all that it says, its headers too."""
    answer = client.get(address)
    said = b"".join(answer) if answer.streaming else answer.content
    return answer.status_code, f"{said.decode(errors='replace')} {dict(answer.headers)}"


# What readers might find and no page prints: the address and the share text of a version that was replaced.
NOT_PRINTED = {"live slug", "live share_title", "live share_text", "retracted kicker", "blanked role"}

# Of whose pictures there are public files; not of what waits, was taken down, retracted, blanked or stopped.
ON_SHOW = {"live", "second", "following", "emergency", "restricted emergency"}

# --- The crawl -----------------------------------------------------------------------------------------------------


@pytest.fixture
def room(db):
    """The whole newsroom, ten days after it was begun."""
    with time_machine.travel(NOW, tick=False):
        room = newsroom()
        blanked = room.stories["blanked"]
        campaign = make_campaign(slug="canary", is_default=True)
        make_gift(campaign=campaign, article_id=blanked.pk, article_title=blanked.headline)
        lay_out_files(room)
        schedule.beat(NOW)
        laid_out = tokens_in(every_row())
        assert [place for word, place in room.secret.items() if word not in laid_out] == []
        blank(room)
        renditions.remove_off_show(NOW)
        renditions.remove_forgotten(NOW)  # what waits for its time, or was stopped, was made by nothing that we know
        yield room


def lay_out_files(room):
    """Public files of the pictures of every version, as if each had been up once."""
    for picture in Picture.objects.filter(pk__in=PublicationPicture.objects.values("picture")):
        renditions.make(picture)
        room.once_public += [made["name"] for made in picture.renditions]


def test_every_route_for_readers_is_one_that_the_crawl_knows():
    known = {route for route in routes() if not route.startswith("admin/")} | set(READERS)
    assert {route for route in routes() if route not in desk_routes()} == set(READERS) == known


def assert_blanked_words_are_gone(room):
    """From every table of the app, and not from the pages alone."""
    places = room.secret.items() | {(word, place) for word, place in room.public.items() if place == "blanked role"}
    gone = {word for word, place in places if place.startswith("blanked ")}
    gone -= {word for word in gone if re.search("before|picture|blanking reason", room.secret.get(word, ""))}
    assert len(gone) > 11
    assert tokens_in(every_row()) & gone == set()
    assert tokens_in(list(Gift.objects.values_list("article_title"))) == set()


def test_no_address_and_no_mail_tells_what_is_not_public(room):
    assert_blanked_words_are_gone(room)
    assert_no_address_tells_a_reader(room)
    assert_mails_tell_no_more_than_they_should(room)
    assert_a_copy_that_was_kept_is_not_confirmed(room)


def assert_no_address_tells_a_reader(room):
    reader, found, told = Client(), set(), {}
    private = [picture.original.name.split("/")[-1] for picture in room.pictures]
    public = Picture.objects.exclude(renditions=[])
    made = {f"/media/{one['name']}" for picture in public for one in picture.renditions}
    assert {room.secret[picture.title] for picture in public} == {f"{name} picture" for name in ON_SHOW}
    assert len(room.once_public) > len(made) > 5
    addresses = [address for of in READERS.values() for address in of(room)] + addresses_of_the_desk()
    for address in addresses:
        status, said = read(reader, address)
        words = tokens_in(said)
        found |= words
        assert status in {200, 301, 302, 400, 404, 405, 410, 451}, f"{address} answers {status}"
        if leaked := {place for word, place in (room.secret | room.of_everybody).items() if word in words}:
            told[address] = leaked
        assert not [name for name in private if name in said], f"{address} names a private file"
        assert not [link for link in room.links if link.token in said], f"{address} gives a preview link away"
        assert (status == 200) == (address in made) or not address.startswith("/media/")
    assert told == {}
    assert {place for word, place in room.public.items() if word not in found} == NOT_PRINTED


def mails_to(person, room, **about):
    """What is owed to `person`, as it would be sent now; not what they may no longer be sent."""
    for owed in StaffMail.objects.filter(to=person, **about):
        with suppress(NotOwed):
            yield tokens_in(compose(owed, NOW).message())


def assert_mails_tell_no_more_than_they_should(room):
    """The headline and what was said about it, never the words; of a restricted story its public address at most."""
    places = room.secret | room.public
    told = {
        places[word] for person in (room.ana, room.tomas, room.ruth) for one in mails_to(person, room) for word in one
    }
    assert {place.split()[-1] for place in told} == {
        "headline",
        "comment",
        "reason",
        "objection",
        "notice",
        "note",
        "slug",
    }
    restricted = list(mails_to(room.tomas, room, article=room.stories["restricted emergency"]))
    assert [{places[word] for word in one} for one in restricted] == [{"restricted emergency slug"}]


def assert_a_copy_that_was_kept_is_not_confirmed(room):
    """What a browser has of a page is good until the story is taken down, and no longer."""
    story, reader = room.stories["emergency"], Client()
    address = next(address for address in room.addresses if address.endswith(f"-{story.pk}/"))
    kept = reader.get(address)["ETag"]
    assert reader.get(address, headers={"if-none-match": kept}).status_code == 304
    story.take_down(by=room.ruth, now=NOW, reason="An error of law")
    assert reader.get(address, headers={"if-none-match": kept}).status_code == 410


# --- People who have no part in a story ----------------------------------------------------------------------------

PUBLIC_PICTURES = {"live", "second", "following", "emergency", "restricted emergency", "retracted", "taken down"}


def hidden_from_strangers(room):
    """Pictures that readers have seen are known to everybody at the desk, and so are topics and authors."""
    known = {f"{name} picture" for name in PUBLIC_PICTURES}
    return {word: place for word, place in room.secret.items() if place not in known}


def keys_of(room, names):
    stories = [room.stories[name].pk for name in names]
    mails = list(StaffMail.objects.values_list("pk", flat=True)[:2])
    return {"article": stories, "picture": [picture.pk for picture in room.pictures[:2]], "staffmail": mails}


def is_shown_to_its_writer_alone(place):
    """Also what a list of pictures shows, not a story's page, and notes to readers until somebody decides on them."""
    return place.startswith(("draft autosave", "new autosave", "blanked")) or place.endswith(("picture", "note"))


def test_the_desk_shows_those_words_to_a_storys_people_and_to_no_stranger(room):
    assert_the_desk_shows_them_to_whoever_may_see_them(room)
    assert_a_journalist_without_part_in_it_finds_no_story(room)
    assert_an_editor_who_is_not_named_finds_no_restricted_story(room)


def assert_the_desk_shows_them_to_whoever_may_see_them(room):
    client, found = Client(), set()
    client.force_login(room.ruth)
    for address in addresses_of_the_desk(**keys_of(room, room.stories)):
        if not re.search("/(read|revisions/1)/$", address):
            continue
        found |= tokens_in(read(client, address)[1])
        if "/revisions/1/" in address:
            found |= tokens_in(read(client, address.replace("/1/", "/2/"))[1])
    draft = f"/admin/articles/article/{room.stories['draft'].pk}"
    found |= set().union(*(tokens_in(read(client, f"{draft}/{page}/")[1]) for page in ("change", "checks", "share")))
    missing = {place for word, place in room.secret.items() if word not in found}
    assert {place for place in missing if not is_shown_to_its_writer_alone(place)} == set()
    client.force_login(room.ana)
    _, hers = read(client, f"{draft}/change/")
    assert {place for word, place in room.secret.items() if word in hers} >= {"draft autosave headline"}


def assert_a_journalist_without_part_in_it_finds_no_story(room):
    client = Client()
    client.force_login(a_journalist(username="dele"))
    assert_the_desk_hides(client, room, ["draft", "live"], hidden_from_strangers(room))


def assert_an_editor_who_is_not_named_finds_no_restricted_story(room):
    client = Client()
    client.force_login(room.tomas)
    hidden = {word: place for word, place in room.secret.items() if place.startswith("restricted ")}
    hidden = {word: place for word, place in hidden.items() if "emergency" not in place}  # readers see that one
    assert len(hidden) > 5
    assert_the_desk_hides(client, room, ["restricted"], hidden)


def assert_the_desk_hides(client, room, names, hidden):
    told, numbers = {}, {f"/{room.stories[name].pk}/" for name in names}
    for address in addresses_of_the_desk(**keys_of(room, names)):
        status, said = read(client, address)
        if leaked := {place for word, place in hidden.items() if word in tokens_in(said)}:
            told[address] = leaked
        if "/article/" in address and any(number in address for number in numbers):
            assert status == 404, f"{address} answers {status}"
    assert told == {}
    word = next(word for word, place in hidden.items() if place == f"{names[0]} picture")
    for model in ("article", "picture"):
        assert searched(client, model, word) == searched(client, model, "kz99999kz")


def searched(client, model, word):
    """What a search for `word` finds, as it is read."""
    return words(client.get(f"/admin/articles/{model}/?q={word}")).replace(word, "it")
