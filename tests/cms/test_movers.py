"""What moved readers to give: sums of three givers and more for the newsroom, all of it for fundraisers."""

import random
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles.models import Section
from donations.models import AppealShown, Donor
from donations.movers import Moved, in_company, moved
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
from tests.donations.factories import make_campaign, make_donor, make_gift, make_payment, make_refund
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


def gave(campaign, story, *amounts, donor=None, at=None, monthly=False, **fields):
    """Gifts that came from a story, each by another giver unless `donor` is said; minor units."""
    came = []
    for amount in amounts:
        begun = at or OCTOBER + timedelta(minutes=next(minutes))
        kept = {"article_id": story.pk, "article_title": "Kept with the gift", "begun_at": begun, **fields}
        kept |= {"frequency": "monthly", "status": "active", "anchor": begun} if monthly else {"status": "given"}
        gift = make_gift(campaign=campaign, donor=donor, amount=amount, **kept)
        came.append(make_payment(gift=gift, amount=amount, given_at=begun + timedelta(minutes=5)))
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
    assert in_company(moved()) == []
    gave(costs, pier, 700)
    assert table(as_ana(client)) == [["Pier closes for repairs", "5", "0", "$77.00", "0", "–"]]


def test_who_got_everything_back_is_no_giver(costs, pier):
    payment, *_ = gave(costs, pier, 1000, 2500, 500)
    make_refund(payment=payment)
    assert in_company(moved()) == []
    assert len(moved()) == 2


def test_a_part_that_went_back_is_taken_off(client, costs, pier):
    payment, *_ = gave(costs, pier, 1000, 2500, 500)
    make_refund(payment=payment, amount=400)
    assert table(as_ana(client))[0][3] == "$36.00"


def test_the_removed_and_the_anonymous_are_givers_like_others(costs, pier):
    first, *_ = gave(costs, pier, 1000, 2500, 500, visibility="anonymous")
    Donor.objects.filter(pk=first.gift.donor_id).update(email=None, scrubbed_at=NOW)
    assert [gift.raised for gift in in_company(moved())] == [1000, 2500, 500]


def test_what_is_told_grows_by_three_givers_at_once(client, costs, pier):
    """Else whoever looks today and tomorrow would see what the fourth gave."""
    told = []
    for _ in range(7):
        gave(costs, pier, 1000)
        told.append(sum(gift.raised for gift in in_company(moved())))
    assert told == [0, 0, 3000, 3000, 3000, 6000, 6000]


def test_what_a_month_later_brings_moves_no_sum_of_the_newsroom(client, costs, pier):
    (first, *_) = gave(costs, pier, 1000, 2500, 500, monthly=True)
    make_payment(gift=first.gift, amount=1000, given_at=OCTOBER + timedelta(days=31))
    assert sum(gift.raised for gift in in_company(moved())) == 4000
    assert sum(gift.raised for gift in moved()) == 5000


def test_only_the_installations_mode_counts(costs, pier):
    payments = gave(costs, pier, 1000, 2500, 500)
    for payment in payments:
        type(payment).objects.filter(pk=payment.pk).update(livemode=True)
    assert moved() == []


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
    gave(costs, pier, 500, at=midnight - timedelta(minutes=1))
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


def histories(number):
    """Gifts by few people to few stories over two months, in an order drawn by lot."""
    lot = random.Random(number)
    at = [OCTOBER + timedelta(hours=hour) for hour in sorted(lot.sample(range(1400), 40))]
    return [
        Moved(gift=uuid4(), article=lot.choice([1, 2, 3]), title="", giver=UUID(int=lot.choice(range(9))), at=each,
              currency=lot.choice(["USD", "USD", "EUR"]), monthly=False, at_first=100, raised=100)
        for each in at
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(20))
def test_no_difference_between_two_moments_is_about_fewer_than_three_people(number):
    """Of a story and a month in one currency, of which every other figure is a sum."""
    gifts = histories(number)
    givers = {gift.gift: gift.giver for gift in gifts}
    before = {}
    for moment in range(len(gifts) + 1):
        cells = defaultdict(set)
        for gift in in_company(gifts[:moment]):
            cells[gift.article, gift.currency, gift.at.month].add(gift.gift)
        for cell, told in cells.items():
            assert before.get(cell, set()) <= told
            new = told - before.get(cell, set())
            assert not new or len({givers[gift] for gift in new}) >= 3
        assert set(before) <= set(cells)
        before = cells
    assert before


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


def test_the_desk_does_not_ask_for_the_gifts_of_the_same_stories_at_every_opening(client, costs, pier):
    gave(costs, pier, 1000, 2500, 500)
    assert "3 gifts, together $40 " in words(as_ana(client).get("/admin/"))
    with CaptureQueriesContext(connection) as queries:
        assert "3 gifts, together $40 " in words(client.get("/admin/"))
    assert not [query for query in queries if "donations_payment" in query["sql"]]
    gave(costs, published(headline="A second story"), 1000, 2500, 600)
    assert "3 gifts, together $41 " in words(client.get("/admin/"))


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


def test_the_figures_themselves_cost_five_queries(costs, pier, django_assert_max_num_queries):
    from cms.movers import in_full

    gave(costs, pier, 1000)
    was_shown(pier, 10)
    with django_assert_max_num_queries(5):
        assert len(in_full("author", NOW)) == 1


def test_showings_are_added_up_by_month(client, costs, pier):
    was_shown(pier, 100)
    was_shown(pier, 20, day=datetime(2026, 10, 31, tzinfo=UTC))
    was_shown(pier, 3, day=datetime(2026, 11, 1, tzinfo=UTC))
    client.force_login(a_fundraiser())
    rows = table(client, "/admin/donations/moved/", by="month")
    assert [(row[0], row[2]) for row in rows] == [("November 2026", "3"), ("October 2026", "120")]
