"""What moved readers to give: sums of three givers and more for the newsroom, all of it for fundraisers."""

import random
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles.models import Section
from donations.models import AppealShown, Donor, Gift
from donations.movers import moved, told
from tests.articles.factories import (
    a_journalist,
    a_managing_editor,
    a_section,
    an_author,
    an_editor,
    published,
    taken_down,
)
from tests.articles.forms import words
from tests.donations.factories import make_campaign, make_dispute, make_donor, make_gift, make_payment, make_refund
from tests.donations.fundraisers import a_fundraiser

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 5, 14, tzinfo=UTC)
minutes = count(1)


@pytest.fixture(autouse=True)
def a_day(time_machine):
    time_machine.move_to(NOW)


@pytest.fixture
def costs():
    return make_campaign(slug="costs", is_default=True)


@pytest.fixture
def pier():
    return published(headline="Pier closes for repairs")


def gave(campaign, story, *amounts, donor=None, at=None, counted=None, monthly=False, **fields):
    """Gifts that came from a story, each by another giver unless `donor` is said; they count after five minutes."""
    came = []
    for amount in amounts:
        begun = at or OCTOBER + timedelta(minutes=next(minutes))
        kept = {"article_id": story.pk, "article_title": "Kept with the gift", "begun_at": begun, **fields}
        kept |= {"frequency": "monthly", "status": "active", "anchor": begun} if monthly else {"status": "given"}
        gift = make_gift(campaign=campaign, donor=donor, amount=amount, **kept)
        given_at = begun + timedelta(minutes=5)
        came.append(make_payment(gift=gift, amount=amount, given_at=given_at, confirmed_at=counted or given_at))
    return came


def was_shown(story, times, *, day=OCTOBER):
    AppealShown.objects.create(article_id=story.pk, day=day.date(), times=times)


def table(client, path="/admin/moved/", **asked):
    """The rows of the page as they are read, each as a list of its cells."""
    html = client.get(path, asked).content.decode()
    body = html.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in html else ""
    body = re.sub(r'<span class="rows-head".*?</span>', "", body, flags=re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in body.split("</tr>")[:-1]]
    return [[" ".join(re.sub(r"<[^>]+>", "", cell).split()) for cell in row] for row in cells]


def of_all(came, what="at_first"):
    return sum(getattr(each, what) for each in came)


def as_ana(client):
    client.force_login(a_journalist())
    return client


# --- From three givers up --------------------------------------------------------------------------------------------


def test_three_different_givers_are_told_as_a_sum(client, costs, pier):
    gave(costs, pier, 1000, 2500)
    gave(costs, pier, 500, monthly=True)
    was_shown(pier, 2000)
    assert table(as_ana(client)) == [["Pier closes for repairs", "3", "1", "$40.00", "2,000", "1.5"]]


@pytest.mark.parametrize("amounts", [(), (1000,), (1000, 2500)], ids=["none", "one", "two"])
def test_below_three_nothing_tells_whether_anybody_gave(client, costs, pier, amounts):
    gave(costs, pier, *amounts)
    was_shown(pier, 2000)
    assert table(as_ana(client)) == [["Pier closes for repairs", "Fewer than three givers", "2,000", "–"]]
    assert "Your stories moved readers" not in client.get("/admin/").content.decode()


def test_below_three_a_story_that_was_never_shown_has_no_row(client, costs, pier):
    gave(costs, pier, 1000, 2500)
    assert table(as_ana(client)) == []


def test_who_gives_twice_is_one_giver(client, costs, pier):
    ann = make_donor()
    gave(costs, pier, 1000, 2500, 3000, donor=ann)
    gave(costs, pier, 500)
    assert told(NOW) == []
    gave(costs, pier, 700)
    assert table(as_ana(client)) == [["Pier closes for repairs", "5", "0", "$77.00", "0", "–"]]


def test_what_went_back_lowers_the_fundraisers_figures_alone(client, costs, pier):
    """A sum of the newsroom's that fell from one day to the next would tell what one person got back."""
    whole, part, *_ = gave(costs, pier, 1000, 2500, 500)
    gave(costs, pier, 700)
    make_refund(payment=whole)
    make_dispute(payment=part, moved=400)
    assert (of_all(told(NOW), "gifts"), of_all(told(NOW))) == (3, 4000)
    assert (of_all(moved(), "gifts"), of_all(moved()), of_all(moved(), "raised")) == (3, 3300, 3300)
    assert "What went back later is not taken off" in words(as_ana(client).get("/admin/moved/"))


def test_the_removed_and_the_anonymous_are_givers_like_others(costs, pier):
    first, *_ = gave(costs, pier, 1000, 2500, 500, visibility="anonymous")
    Donor.objects.filter(pk=first.gift.donor_id).update(email=None, scrubbed_at=NOW)
    assert [(came.gifts, came.at_first) for came in told(NOW)] == [(3, 4000)]


def test_what_is_told_grows_by_three_givers_at_once(costs, pier):
    """Else whoever looks today and tomorrow would see what the fourth gave."""
    sums = []
    for _ in range(7):
        gave(costs, pier, 1000)
        sums.append(of_all(told(NOW)))
    assert sums == [0, 0, 3000, 3000, 3000, 6000, 6000]


def test_what_a_month_later_brings_moves_no_sum_of_the_newsroom(costs, pier):
    (first, *_) = gave(costs, pier, 1000, 2500, 500, monthly=True)
    make_payment(gift=first.gift, amount=1000, given_at=OCTOBER + timedelta(days=31))
    assert of_all(told(NOW), "raised") == of_all(moved()) == 4000
    assert of_all(moved(), "raised") == 5000


def test_a_debit_that_comes_in_late_waits_for_two_others(costs, pier):
    """Begun before gifts that are told, it would otherwise be put among them, and stand there by itself."""
    gave(costs, pier, 1000, 2500, 500)
    gave(costs, pier, 7777, at=OCTOBER, counted=OCTOBER + timedelta(days=7))
    assert of_all(told(NOW)) == 4000
    gave(costs, pier, 100, 200, counted=OCTOBER + timedelta(days=8))
    assert of_all(told(NOW)) == 4000 + 7777 + 300


def test_a_gift_is_told_once_it_has_counted_for_a_day(costs, pier):
    """A booking may take its time: then it is written after one that began to count later."""
    gave(costs, pier, 1000, 2500, 500, at=NOW)
    day_later = NOW + timedelta(days=1, minutes=5)
    assert (of_all(told(day_later)), of_all(told(day_later + timedelta(seconds=1)))) == (0, 4000)


def test_only_the_installations_mode_counts(costs, pier):
    payments = gave(costs, pier, 1000, 2500, 500)
    for payment in payments:
        type(payment).objects.filter(pk=payment.pk).update(livemode=True)
    assert moved() == told(NOW) == []


def test_another_currency_has_a_row_of_its_own(client, costs, pier):
    euros = make_campaign(currency="EUR")
    gave(costs, pier, 1000, 2500, 500)
    for amount in (1000, 2000):
        gift = make_gift(campaign=euros, currency="EUR", article_id=pier.pk, begun_at=OCTOBER, status="given")
        make_payment(gift=gift, amount=amount, currency="EUR", given_at=OCTOBER)
    assert [row[1:4] for row in table(as_ana(client))] == [["3", "0", "$40.00"]]


# --- Nothing is found by taking one sum from another --------------------------------------------------------------------


def test_sections_authors_and_months_add_up_to_the_rows_of_stories(client, costs, pier):
    lone = published(headline="A lone giver's story")
    gave(costs, pier, 1000, 2500, 500, 9900)
    gave(costs, lone, 7700)
    client.force_login(an_editor())
    assert {row[3] for row in table(client) if "giver" not in row[1]} == {"$40.00"}
    for by in ("section", "author", "month"):
        assert [row[1:4] for row in table(client, by=by)] == [["3", "0", "$40.00"]]


def test_gifts_of_two_months_stand_in_the_month_of_the_third_giver(client, costs, pier):
    gave(costs, pier, 1000, 2500)
    midnight = datetime(2026, 11, 1, 4, tzinfo=UTC)  # in the newsroom
    gave(costs, pier, 500, at=midnight - timedelta(minutes=6))
    gave(costs, pier, 100, 200, at=midnight)
    gave(costs, pier, 300, at=midnight + timedelta(days=1))
    rows = table(as_ana(client), by="month")
    assert [(row[0], row[3]) for row in rows] == [("November 2026", "$6.00"), ("October 2026", "$40.00")]


def test_a_story_by_two_people_counts_for_both(client, costs):
    people = [{"author": an_author(name=name).pk, "role": ""} for name in ("Ana Reyes", "Dele Ade")]
    story = published(byline=[*people, {**people[0], "role": "photographs by"}])
    gave(costs, story, 1000, 2500, 500)
    client.force_login(an_editor())
    assert [(row[0], row[3]) for row in table(client, by="author")] == [
        ("Ana Reyes", "$40.00"),
        ("Dele Ade", "$40.00"),
    ]


def drawn_by_lot(number, campaign):
    """What happens to gifts to two stories by nine people, in its order: they come late, are booked slowly, go back.

    The amount of each is a bit of its own, so that a sum says of which gifts it is.
    """
    lot, people, happens = random.Random(number), [make_donor() for _ in range(9)], []
    for bit in range(20):
        begun = OCTOBER + timedelta(hours=lot.randrange(1000))
        ours = {"donor": lot.choice(people), "article_id": lot.choice([1, 2]), "amount": 2**bit}
        gift = make_gift(campaign=campaign, begun_at=begun, status="given", **ours)
        counted = begun + timedelta(days=lot.choice([0, 0, 0, 7]))
        came = {"gift": gift, "amount": gift.amount, "given_at": begun, "confirmed_at": counted}
        written = counted + timedelta(hours=lot.choice([0, 0, 1, 23]))
        happens.append((written, partial(make_payment, **came)))
        if lot.random() < 0.3:
            back = lot.choice([gift.amount, (gift.amount + 1) // 2])
            happens.append((written + timedelta(days=lot.randrange(9)), partial(goes_back, gift, back)))
    return sorted(happens, key=lambda each: each[0])


def goes_back(gift, amount):
    make_refund(payment=gift.payments.get(), amount=amount)


@pytest.mark.parametrize("number", range(5))
def test_no_difference_between_two_moments_is_about_fewer_than_three_people(costs, number):
    """Of a story and a month, of which every other figure is a sum."""
    happens, before = drawn_by_lot(number, costs), {}
    happens.append((happens[-1][0] + timedelta(days=2), lambda: None))
    givers = {gift.amount: gift.donor_id for gift in Gift.objects.all()}
    for moment, act in happens:
        act()
        now = {(came.article, came.month): came.at_first for came in told(moment)}
        for cell in before.keys() | now.keys():
            new = now.get(cell, 0) ^ before.get(cell, 0)
            assert new & now.get(cell, 0) == new
            assert not new or len({givers[2**bit] for bit in range(20) if new & 2**bit}) >= 3
        before = now
    assert len(before) > 1


# --- Who sees what ------------------------------------------------------------------------------------------------------


def test_a_journalist_sees_their_own_stories_alone(client, costs, pier):
    theirs = published(by=a_journalist(username="dele"), headline="Dele's story", author=an_author(name="Dele Ade"))
    for story in (pier, theirs):
        gave(costs, story, 1000, 2500, 500)
    assert [row[0] for row in table(as_ana(client))] == ["Pier closes for repairs"]
    html = words(client.get("/admin/"))
    assert "Your stories moved readers to give" in html
    assert "3 gifts, together $40 " in html
    assert "Dele's story" not in html


def test_an_editor_sees_all_but_what_is_restricted(client, costs, pier):
    hidden = published(headline="Restricted to its people")
    hidden.assign(by=a_managing_editor(), now=NOW, restricted=True)
    for story in (pier, hidden):
        gave(costs, story, 1000, 2500, 500)
    client.force_login(an_editor(username="olga"))
    assert [row[0] for row in table(client)] == ["Pier closes for repairs"]
    client.force_login(a_managing_editor())
    assert len(table(client)) == 2


@pytest.mark.usefixtures("kept_in_memory")
def test_all_gifts_are_counted_once_in_ten_minutes(client, costs, pier, time_machine):
    gave(costs, pier, 1000, 2500, 500)
    assert "3 gifts, together $40 " in words(as_ana(client).get("/admin/"))
    with CaptureQueriesContext(connection) as queries:
        assert "3 gifts, together $40 " in words(client.get("/admin/"))
    assert not [query for query in queries if "donations_payment" in query["sql"]]
    gave(costs, second := published(headline="A second story"), 1000, 2500, 600)
    assert [row[0] for row in table(client)] == ["Pier closes for repairs"]
    time_machine.move_to(NOW + timedelta(minutes=11))
    assert [row[0] for row in table(client)] == [second.headline, "Pier closes for repairs"]
    assert "3 gifts, together $41 " in words(client.get("/admin/"))


@pytest.mark.usefixtures("kept_in_memory")
def test_no_figure_of_the_desk_is_older_than_ten_minutes(client, costs, pier, time_machine):
    gave(costs, pier, 1000, 2500, 500)
    table(as_ana(client))
    gave(costs, pier, 700, 800, 900)
    time_machine.move_to(NOW + timedelta(minutes=9, seconds=50))
    assert "3 gifts, together $40 " in words(client.get("/admin/"))
    time_machine.move_to(NOW + timedelta(minutes=10, seconds=10))
    assert "6 gifts, together $64 " in words(client.get("/admin/"))


def test_what_is_kept_for_one_desk_is_shown_on_none_that_may_not_see_it(client, costs, pier):
    gave(costs, pier, 1000, 2500, 500)
    client.force_login(olga := an_editor(username="olga"))
    assert "Pier closes for repairs 3 gifts" in words(client.get("/admin/"))
    client.force_login(a_journalist(username="dele"))
    assert "3 gifts, together" not in words(client.get("/admin/"))
    pier.assign(by=a_managing_editor(), now=NOW, restricted=True)
    client.force_login(olga)
    assert "3 gifts, together" not in words(client.get("/admin/"))


def test_what_readers_no_longer_see_is_in_no_row_of_the_newsroom(client, costs):
    gone = taken_down()
    gave(costs, gone, 1000, 2500, 500)
    assert table(as_ana(client)) == []


@pytest.mark.parametrize("path", ["/admin/donations/moved/", "/admin/donations/moved.csv"])
def test_the_newsroom_has_no_part_in_the_full_page(client, path):
    for person in (a_journalist(), an_editor(), a_managing_editor()):
        client.force_login(person)
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/admin/moved/", "/admin/moved.csv"])
def test_fundraisers_have_no_part_in_the_newsrooms_page(client, path):
    client.force_login(a_fundraiser())
    assert client.get(path).status_code == 404


def test_no_page_of_the_newsroom_names_a_giver(client, costs, pier):
    told_by = {
        "/admin/": "3 gifts, together $40",
        "/admin/moved/": "$40.00",
        "/admin/moved/?by=month": "October 2026",
        "/admin/moved.csv?by=author": "Ana Reyes,0,3,0,USD,40.00",
    }
    for number, amount in enumerate((1000, 2500, 500)):
        donor = make_donor(email=f"secret{number}@example.org")
        gave(costs, pier, amount, donor=donor, name=f"Secret Name{number}", visibility="named")
    for person in (a_journalist(), an_editor(), a_managing_editor()):
        client.force_login(person)
        for path in told_by:
            answer = client.get(path)
            said = answer.getvalue().decode()
            assert (answer.status_code, told_by[path] in said) == (200, True)
            assert "secret" not in said.lower()


# --- In full --------------------------------------------------------------------------------------------------------------


def test_fundraisers_see_every_gift_and_what_came_since(client, costs, pier):
    (first,) = gave(costs, pier, 1000, monthly=True)
    make_payment(gift=first.gift, amount=1000, given_at=OCTOBER + timedelta(days=31))
    was_shown(pier, 500)
    gone = taken_down()
    gave(costs, gone, 200)
    client.force_login(a_fundraiser())
    assert table(client, "/admin/donations/moved/") == [
        ["Pier closes for repairs", "1", "1", "1", "$10.00", "$20.00", "500", "2.0"],
        ["Kept with the gift", "1", "0", "1", "$2.00", "$2.00", "0", "–"],
    ]
    assert [row[0] for row in table(client, "/admin/donations/moved/", by="section")] == ["Coast", "No longer public"]


def test_what_two_people_blanked_is_gone_from_the_figures_at_once(client, costs, pier):
    """From those, too, that were counted before (R22)."""
    story = published(headline="Source is Ada")
    gave(costs, story, 1000, article_title=story.headline)
    client.force_login(a_fundraiser())
    pages = ("/admin/donations/moved/", "/admin/donations/moved.csv")
    assert {"Source is Ada" in client.get(page).content.decode() for page in pages} == {True}
    story.propose_blank(by=a_managing_editor(), now=NOW, revisions=[1], reason="It puts them in danger")
    story.confirm_blank(by=an_editor(), now=NOW)
    assert {"Ada" in client.get(page).content.decode() for page in pages} == {False}
    assert [row[0] for row in table(client, pages[0])] == ["(blanked with the words)"]


def test_a_story_that_is_gone_is_called_what_the_last_gift_from_it_keeps(client, costs):
    gone = taken_down()
    for title in ("A", "C", "B"):
        gave(costs, gone, 100, article_title=title)
    client.force_login(a_fundraiser())
    assert [row[0] for row in table(client, "/admin/donations/moved/")] == ["B"]


def test_any_column_sorts_and_what_is_none_does_no_harm(client, costs, pier):
    other = published(headline="A second story")
    gave(costs, pier, 1000, 2500)
    gave(costs, other, 100, 200, 300)
    client.force_login(a_fundraiser())

    def first(**asked):
        return table(client, "/admin/donations/moved/", **asked)[0][0]

    assert first() == first(order="raised") == first(order="nothing", by="\0") == "Pier closes for repairs"
    assert first(order="gifts") == first(order="name") == "A second story"


def test_the_sheet_has_the_same_figures_and_no_formula(client, costs, pier):
    Section.objects.filter(pk=a_section().pk).update(name="=Coast()")
    gave(costs, pier, 1000, 2550, 500)
    was_shown(pier, 300)
    client.force_login(a_fundraiser())
    answer = client.get("/admin/donations/moved.csv?by=section")
    assert answer["Content-Disposition"] == 'attachment; filename="moved-by-section.csv"'
    assert answer.content.decode("utf-8-sig").splitlines() == [
        "Section,Shown,Gifts,Monthly,Currency,At first,Per 1,000 showings,Givers,Raised so far".replace(
            "Per 1,000 showings", '"Per 1,000 showings"'
        ),
        "'=Coast(),300,3,0,USD,40.50,10.0,3,40.50",
    ]


def test_the_newsrooms_sheet_keeps_silent_too(client, costs, pier):
    gave(costs, pier, 1000, 2500)
    was_shown(pier, 300)
    sheet = as_ana(client).get("/admin/moved.csv").content.decode("utf-8-sig")
    assert sheet.splitlines()[1:] == ["Pier closes for repairs,300,,,,,"]


# --- Cheap -----------------------------------------------------------------------------------------------------------------


def asked(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize("path", ["/admin/", "/admin/moved/", "/admin/moved/?by=author", "/admin/moved/?by=month"])
def test_more_stories_and_gifts_cost_no_more_queries(client, costs, pier, path):
    as_ana(client)
    gave(costs, pier, 1000, 2500, 500)
    before = asked(client, path)
    for number in range(3):
        story = published(headline=f"Story {number}")
        was_shown(story, 10)
        was_shown(story, 10, day=OCTOBER + timedelta(days=40))
        gave(costs, story, *[100] * 7)
    assert asked(client, path) <= before


@pytest.mark.parametrize("by", ["story", "author"])
def test_the_figures_themselves_cost_five_queries(costs, pier, by, django_assert_max_num_queries):
    from cms.movers import in_full

    gave(costs, pier, 1000)
    gave(costs, taken_down(), 1000)
    was_shown(pier, 10)
    with django_assert_max_num_queries(5):
        assert len(in_full(by, NOW)) == 2


def test_showings_are_added_up_by_month(client, costs, pier):
    was_shown(pier, 100)
    was_shown(pier, 20, day=datetime(2026, 10, 31, tzinfo=UTC))
    was_shown(pier, 3, day=datetime(2026, 11, 1, tzinfo=UTC))
    client.force_login(a_fundraiser())
    rows = table(client, "/admin/donations/moved/", by="month")
    assert [(row[0], row[2]) for row in rows] == [("November 2026", "3"), ("October 2026", "120")]
