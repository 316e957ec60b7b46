"""How a campaign ends: closed by the clock, provisional for a while, final in a report that nobody bends."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.template import Context, Template

from cms.tasks import SWEEPS
from donations import closing, offline
from donations.models import Campaign, CampaignReport, Inspection, Payment
from donations.tallies import kept
from donations.totals import Totals, public_totals, totals
from tests.articles.factories import published
from tests.donations.factories import (
    make_campaign,
    make_gift,
    make_payment,
    make_refund,
    make_user,
)

pytestmark = pytest.mark.django_db
END = datetime(2027, 1, 1, 5, tzinfo=UTC)  # of 2026 in New York
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def year():
    return make_campaign(slug="2026", title="The year 2026", is_default=True)


@pytest.fixture
def next_year(year):
    first, last = date(2027, 1, 1), date(2027, 12, 31)
    return make_campaign(slug="2027", title="The year 2027", starts=first, ends=last, follows=year)


def pay(campaign, **fields):
    return make_payment(gift=make_gift(campaign=campaign, status="given"), **fields)


def settle(payment, **changes):
    with kept(payment.gift):
        Payment.objects.filter(pk=payment.pk).update(**changes)


def arrives(payment, at):
    settle(payment, status="succeeded", confirmed_at=at)


def only_report():
    return CampaignReport.objects.get()


# --- Closed at the end ---------------------------------------------------------------------------------------------


def test_the_worker_tends_what_is_over():
    assert closing.tend in [run for _, run in SWEEPS]


def test_a_live_campaign_is_closed_at_the_end_of_its_last_day_and_no_sooner(year):
    closing.tend(END - SECOND)
    assert Campaign.objects.get().status == "live"
    closing.tend(END)
    assert Campaign.objects.get().status == "closed"


def test_closing_again_finds_nothing_to_close(year):
    assert [closing.close_ended(END), closing.close_ended(END)] == [1, 0]


def test_drafts_and_campaigns_without_an_end_are_left_alone():
    make_campaign(status="draft")
    make_campaign(ends=None)
    assert closing.close_ended(END + 999 * DAY) == 0


def test_a_campaign_that_gets_a_later_last_day_meanwhile_stays_open(year, monkeypatch):
    stale = list(Campaign.objects.all())
    Campaign.objects.update(ends=date(2027, 1, 31))
    monkeypatch.setattr(type(Campaign.objects.all()), "live", live_with(stale, type(Campaign.objects.all()).live))
    assert closing.close_ended(END) == 0


def live_with(stale, live):
    """`live()` that answers its first caller with what was read before."""
    answers = [stale]
    return lambda self: answers.pop() if answers else live(self)


def test_by_time_alone_it_is_closed_for_programs_and_readers_before_any_worker_came(client, year, time_machine):
    time_machine.move_to(END - SECOND, tick=False)
    assert client.get("/campaigns/2026.json").json()["status"] == "live"
    assert "This campaign is over" not in client.get("/campaigns/2026/").content.decode()
    time_machine.move_to(END, tick=False)
    assert client.get("/campaigns/2026.json").json()["status"] == "closed"
    assert "This campaign is over" in client.get("/campaigns/2026/").content.decode()
    assert Campaign.objects.get().status == "live"


def test_the_place_in_every_appeal_goes_to_what_follows(year, next_year):
    assert Campaign.objects.default(END - SECOND) == year
    assert Campaign.objects.default(END) == next_year  # by time alone
    closing.tend(END)
    assert list(Campaign.objects.filter(is_default=True)) == [next_year]
    assert Campaign.objects.default(END) == next_year


def test_where_nothing_follows_the_place_stays_and_is_silent(year):
    closing.tend(END)
    assert list(Campaign.objects.filter(is_default=True)) == [year]
    assert Campaign.objects.default(END) is None


def test_a_successor_that_begins_later_takes_the_place_on_its_first_day(year, next_year):
    Campaign.objects.filter(pk=next_year.pk).update(starts=date(2027, 3, 1))
    closing.tend(END)
    assert Campaign.objects.get(is_default=True) == year
    closing.tend(datetime(2027, 3, 1, 5, tzinfo=UTC))
    assert Campaign.objects.get(is_default=True) == next_year


# --- Provisional, then final ----------------------------------------------------------------------------------------


def test_with_nothing_on_its_way_the_report_is_made_a_night_after_the_end(year):
    pay(year)
    closing.tend(END + DAY - SECOND)
    assert not CampaignReport.objects.exists()
    closing.tend(END + DAY)
    report = only_report()
    assert (report.campaign, report.livemode, report.made_at) == (year, False, END + DAY)
    assert report.because == "settled"


def test_a_debit_on_its_way_keeps_the_figures_provisional_until_it_arrives(year):
    debit = pay(year, status="pending", confirmed_at=None, fee=None)
    closing.tend(END + 5 * DAY)
    assert not CampaignReport.objects.exists()
    arrives(debit, END + 6 * DAY)
    closing.tend(END + 6 * DAY)
    assert (only_report().because, only_report().figures["raised"]) == ("settled", 2500)


def bounces(payment):
    said = {"amount": 1000, "seen": payment.amount, "reason": "Bounced", "by": make_user(), "now": END}
    return offline.propose_reversal(payment, **said)


def test_a_reversal_that_nobody_has_confirmed_keeps_the_figures_provisional(year):
    refund = bounces(pay(year, channel="cheque"))
    closing.tend(END + 5 * DAY)
    assert not CampaignReport.objects.exists()
    told = closing.state(year, totals(year, END), END)[1]
    assert told.startswith("Its figures are provisional: $10 is said to have gone back and not yet confirmed. ")
    offline.confirm_reversal(refund, by=make_user(), now=END + 6 * DAY)
    closing.tend(END + 6 * DAY)
    assert (only_report().because, only_report().figures["raised"]) == ("settled", 1500)


def test_a_reversal_in_another_campaign_is_not_waited_for(year):
    bounces(pay(make_campaign(), channel="cheque"))
    pay(year)
    closing.report(year, END + DAY)
    assert only_report().because == "settled"


@pytest.mark.parametrize("fields", [{"fee": None}, {"channel": "cheque"}], ids=["debit", "cheque"])
def test_after_fourteen_days_nothing_is_waited_for_any_longer(year, fields):
    pay(year, status="pending", confirmed_at=None, **fields)
    closing.tend(END + 14 * DAY - SECOND)
    assert not CampaignReport.objects.exists()
    closing.tend(END + 14 * DAY)
    assert (only_report().because, only_report().figures["raised"]) == ("waited", 0)


def test_last_years_cheques_are_typed_in_for_two_weeks_after_their_campaign_was_made():
    past = make_campaign(status="closed", starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    closing.tend(past.days_set_at + 14 * DAY - SECOND)
    assert not CampaignReport.objects.exists()
    pay(past, channel="cheque", given_at=datetime(2025, 10, 1, 16, tzinfo=UTC))
    closing.tend(past.days_set_at + 14 * DAY)
    assert (only_report().because, only_report().figures["raised"]) == ("settled", 2500)


def test_a_draft_of_last_year_is_waited_for_from_the_day_on_which_readers_may_see_it(time_machine):
    past = make_campaign(status="draft", starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    time_machine.move_to(END)
    past.status = "closed"
    past.save()
    closing.tend(END + 14 * DAY - SECOND)
    assert not CampaignReport.objects.exists()
    closing.tend(past.days_set_at + 14 * DAY)
    assert only_report().campaign == past


def test_one_that_a_person_closes_after_its_last_day_waits_for_its_night_alone(year, time_machine):
    time_machine.move_to(END + HOUR)
    year.status = "closed"
    year.save()
    assert "They are final a day after the end" in closing.state(year, totals(year, END + HOUR), END + HOUR)[1]
    closing.tend(END + DAY)
    assert only_report().because == "settled"


def test_other_words_after_the_end_let_nothing_wait(year, time_machine):
    time_machine.move_to(END + SECOND)
    year.title = "The year we moved"
    year.save()
    closing.tend(END + DAY)
    assert only_report().campaign == year


def test_days_that_were_moved_since_the_worker_listed_the_campaign_are_asked_again(year):
    listed = Campaign.objects.get()
    Campaign.objects.update(ends=date(2027, 1, 31))
    assert closing.report(listed, END + DAY) is None
    assert not CampaignReport.objects.exists()


def test_a_campaign_that_ends_in_eight_thousand_years_keeps_no_other_from_its_report(year):
    make_campaign(ends=date(9999, 12, 30))
    closing.tend(END + DAY)
    assert only_report().campaign == year


def test_a_campaign_that_was_here_before_its_days_told_when_they_were_set_is_reported(year):
    Campaign.objects.update(days_set_at=None)
    closing.tend(END + DAY)
    assert only_report().campaign == year


# --- Held against Stripe's books --------------------------------------------------------------------------------------


@pytest.fixture
def giving_on(settings):
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"


def look(**fields):
    begun, ours = END + HOUR, {"kind": "reconcile", "livemode": False}
    times = {"begun_at": begun, "since": begun - 35 * DAY, "ended_at": begun + HOUR}
    return Inspection.objects.create(**(ours | times | fields))


def test_a_report_is_settled_once_stripes_books_were_compared_after_the_end(year, giving_on):
    closing.tend(END + 13 * DAY)
    assert not CampaignReport.objects.exists()
    look()
    closing.tend(END + 13 * DAY)
    assert only_report().because == "settled"


NO_COMPARISONS = {
    "before the end": {"begun_at": END - SECOND},
    "cut off": {"ended_at": None},
    "with something left": {"remaining": 1},
    "of the other mode": {"livemode": True},
    "of a few hours": {"since": END - DAY},
    "without Stripe's list of payments": {"blind": True},
    "of the kept sums": {"kind": "tallies"},
}


@pytest.mark.parametrize("fields", NO_COMPARISONS.values(), ids=NO_COMPARISONS)
def test_without_such_a_comparison_it_waits_fourteen_days(year, giving_on, fields):
    look(**fields)
    closing.tend(END + 14 * DAY - SECOND)
    assert not CampaignReport.objects.exists()
    closing.tend(END + 14 * DAY)
    assert only_report().because == "waited"


def test_the_desk_says_that_only_the_comparison_is_missing(year, giving_on):
    assert closing.state(year, totals(year, END), END + DAY)[1] == (
        "Its figures are provisional: nothing is on its way. They are final once Stripe's books have been compared, "
        "which is done every night, on January 15, 2027 at the latest."
    )


# --- What a report tells ----------------------------------------------------------------------------------------------


def test_a_report_holds_every_figure_and_reads_as_it_stood(year):
    pay(year, amount=10_000)
    make_refund(payment=pay(year, amount=5000), amount=1999)
    figures = totals(year, END + DAY)
    closing.tend(END + DAY)
    assert closing.reported(only_report()) == figures
    assert only_report().figures == {
        "currency": "USD",
        "goal": 1_000_000,
        "percent": 1,
        "raised": 13_001,
        "pending": 0,
        "supporters": 2,
        "changed_at": None,
        "received": 15_000,
        "reversed": 1999,
        "fees": 206,
        "dispute_fees": 0,
        "fees_unknown": 0,
        "promised": 0,
        "active": 0,
        "run_rate": 0,
        "projected": 13_001,
        "at_risk": 0,
        "on_track": 1_000_000,
        "net": 12_795,
    }


def test_the_moment_of_the_last_change_is_kept_to_the_microsecond(year):
    changed = datetime(2026, 10, 13, 14, 0, 30, 123456, tzinfo=UTC)
    make_payment(gift=make_gift(campaign=year, status="given", changed_at=changed))
    assert closing.reported(closing.report(year, END + DAY)).changed_at == changed


def test_there_is_one_report_per_campaign_and_mode_however_often_it_is_asked_for(year, settings):
    for _ in range(3):
        closing.tend(END + DAY)
    assert closing.report(year, END + 2 * DAY) is None
    settings.STRIPE_LIVE = True
    closing.tend(END + 3 * DAY)
    assert list(CampaignReport.objects.values_list("livemode", "made_at")) == [
        (True, END + 3 * DAY),
        (False, END + DAY),
    ]


def test_closed_by_hand_before_its_last_day_it_is_not_final_for_monthly_gifts_go_on(year):
    Campaign.objects.update(status="closed")
    closing.tend(END - DAY)
    assert not CampaignReport.objects.exists()
    closing.tend(END + DAY)
    assert only_report().campaign == year


def test_drafts_and_campaigns_without_an_end_get_no_report():
    make_campaign(status="draft")
    make_campaign(ends=None, status="closed")
    closing.tend(END + 99 * DAY)
    assert not CampaignReport.objects.exists()


def test_a_later_refund_changes_the_live_figures_and_not_the_report(client, year, time_machine):
    gift = pay(year, amount=10_000)
    closing.tend(END + DAY)
    make_refund(payment=gift, amount=4000)
    time_machine.move_to(END + 2 * DAY)
    assert only_report().figures["raised"] == 10_000
    assert client.get("/campaigns/2026.json").json()["raised"] == 6000


# --- Frozen ----------------------------------------------------------------------------------------------------------


BENDING = {
    "save": lambda row: row.save(),
    "delete": lambda row: row.delete(),
    "update": lambda row: CampaignReport.objects.update(figures={}),
    "delete all": lambda row: CampaignReport.objects.all().delete(),
    "of the campaign": lambda row: row.campaign.reports.all().update(made_at=END),
    "bulk update": lambda row: CampaignReport.objects.bulk_update([row], ["figures"]),
    "upsert": lambda row: CampaignReport.objects.bulk_create(
        [row], update_conflicts=True, update_fields=["figures"], unique_fields=["id"]
    ),
    "update or create": lambda row: CampaignReport.objects.update_or_create(pk=row.pk, defaults={"figures": {}}),
}


@pytest.mark.parametrize("bend", BENDING.values(), ids=BENDING)
def test_a_report_is_neither_changed_nor_deleted(year, bend):
    closing.tend(END + DAY)
    before = CampaignReport.objects.values().get()
    with pytest.raises(ValueError, match="A report is frozen"):
        bend(only_report())
    assert CampaignReport.objects.values().get() == before


def test_a_campaign_with_a_report_is_not_deleted_from_under_it(year):
    closing.tend(END + DAY)
    with pytest.raises(ProtectedError):
        Campaign.objects.get().delete()


@pytest.mark.parametrize(
    "change", [{"ends": date(2027, 6, 1)}, {"starts": date(2026, 2, 1)}, {"timezone": "UTC"}, {"currency": "EUR"}]
)
def test_what_the_report_tells_of_stays(year, change):
    closing.tend(END + DAY)
    for name, value in change.items():
        setattr(year, name, value)
    with pytest.raises(ValidationError, match="The final report of “The year 2026” is made"):
        year.save()


def test_the_chain_that_a_report_counted_stays(year, next_year):
    closing.tend(END + 400 * DAY)
    earlier = make_campaign(starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    year.follows = earlier  # its monthly gifts would count in 2026, and in 2027 as well
    with pytest.raises(ValidationError, match="The final report"):
        year.save()


def test_words_and_goal_of_a_reported_campaign_can_change_and_a_new_one_can_follow_it(year):
    closing.tend(END + DAY)
    year.refresh_from_db()
    year.appeal = "We needed $10,000."
    year.save()
    assert make_campaign(starts=date(2027, 2, 1), ends=None, follows=year).follows == year


# --- In words --------------------------------------------------------------------------------------------------------


def a_report(campaign, **figures):
    zero = dict.fromkeys(Totals.__dataclass_fields__, 0) | {"changed_at": None}
    told = zero | {"currency": "USD", "goal": 1_000_000, "raised": 1_024_000, "supporters": 312} | figures
    made_at = datetime(2027, 1, 15, 2, tzinfo=UTC)  # still the 14th in New York
    return CampaignReport(campaign=campaign, livemode=False, made_at=made_at, because="settled", figures=told)


def ending(campaign, **now):
    report = a_report(campaign)
    figures = closing.reported(a_report(campaign, **now))
    return closing.Ending(campaign, figures, report, END + 30 * DAY)


def test_the_report_is_told_in_a_sentence_with_its_day_where_the_campaign_is_at_home(year):
    assert ending(year).told == "Final report of January 14, 2027: $10,240 raised by 312 supporters."


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({}, "Nothing has changed since then."),
        (
            {"raised": 1_019_000, "supporters": 311},
            "Since then the sum has fallen by $50, to $10,190 from 311 supporters.",
        ),
        ({"raised": 1_024_001}, "Since then the sum has risen by $0.01, to $10,240.01 from 312 supporters."),
        ({"supporters": 313}, "Since then the sum is still $10,240 from 313 supporters."),
        ({"raised": 500, "supporters": 1}, "Since then the sum has fallen by $10,235, to $5 from 1 supporter."),
    ],
)
def test_what_changed_since_the_report_is_told_exactly(year, now, words):
    assert ending(year, **now).since == words


def page(client, slug="2026"):
    return " ".join(client.get(f"/campaigns/{slug}/").content.decode().split())


def test_the_page_says_that_figures_are_provisional_and_until_when(client, year, time_machine):
    time_machine.move_to(END)
    assert "They are final on January 15, 2027 at the latest." in page(client)


def test_the_page_shows_the_report_beside_the_figures_of_today(client, year, time_machine):
    refunded = pay(year, amount=1_000_000)
    pay(year, amount=24_000)
    closing.tend(END + DAY)
    make_refund(payment=refunded, amount=5000)
    time_machine.move_to(END + 30 * DAY)
    html = page(client)
    assert "<strong>Final report of January 2, 2027: $10,240 raised by 2 supporters.</strong>" in html
    assert "Since then the sum has fallen by $50, to $10,190 from 2 supporters." in html
    assert '<th scope="row">Raised</th> <td>$10,190.00</td>' in html


@pytest.mark.parametrize(
    ("ends", "words"),
    [(date(2026, 12, 31), "go on counting until the end of December 31, 2026."), (None, "go on counting.")],
)
def test_closed_by_hand_the_page_says_what_still_counts(client, ends, words):
    make_campaign(slug="2026", status="closed", ends=ends)
    assert words in page(client)
    assert "provisional" not in page(client)


STATES = {
    "draft": ({"status": "draft"}, END - DAY, "A draft: readers do not see it, and it takes no gifts."),
    "to come": ({}, datetime(2025, 12, 1, tzinfo=UTC), "It begins on January 1, 2026 and takes no gifts before."),
    "open": ({}, END - DAY, "It takes gifts until the end of December 31, 2026, and then closes by itself."),
    "evergreen": ({"ends": None}, END, "It takes gifts without a last day."),
    "closed": ({"status": "closed"}, END - DAY, "Monthly gifts to it go on counting until the end of December"),
    "closed evergreen": ({"ends": None, "status": "closed"}, END, "without one its figures are never final."),
    "settling": ({}, END, "Its figures are provisional: nothing is on its way."),
}


@pytest.mark.parametrize(("fields", "now", "words"), STATES.values(), ids=STATES)
def test_the_desk_says_where_a_campaign_stands(fields, now, words):
    campaign = make_campaign(**fields)
    assert words in " ".join(closing.state(campaign, totals(campaign, now), now))


def test_the_desk_says_what_keeps_the_figures_provisional(year):
    pay(year, status="pending", confirmed_at=None, amount=30_000, fee=None)
    pay(year, status="pending", channel="cheque", amount=75_000)
    told = closing.state(year, totals(year, END), END)
    assert told == [
        "It was over at the end of December 31, 2026.",
        "Its figures are provisional: $300 is on its way and $750 is promised and not yet confirmed. "
        "They are final once that is settled, on January 15, 2027 at the latest.",
    ]


def test_the_desk_says_why_figures_are_final_and_what_came_late(year, settings):
    entry = offline.Entry(amount=5000, channel="cheque", given_on=date(2026, 12, 30))
    promised = offline.enter(year, entry, by=make_user(), now=END - DAY)
    late = END + 14 * DAY
    closing.tend(late)
    offline.confirm(promised, by=make_user(), now=late + DAY)
    year.refresh_from_db()
    assert closing.state(year, totals(year, late + DAY), late + DAY) == [
        "It was over at the end of December 31, 2026.",
        "Final report of January 15, 2027: $0 raised by 0 supporters.",
        "Fourteen days have passed, so it was final.",
        "Since then the sum has risen by $50, to $50 from 1 supporter.",
    ]


# --- What asks in its place ------------------------------------------------------------------------------------------


def test_the_page_of_a_past_campaign_asks_for_its_successor(client, year, next_year, time_machine):
    make_campaign(slug="other")
    time_machine.move_to(END)
    html = page(client)
    assert 'href="/donate/?campaign=2027&amp;appeal=campaign"' in html
    assert html.count('data-bar="') == 2
    assert "campaign=2026" not in html


def test_without_a_successor_it_asks_for_the_default(client, year, time_machine):
    make_campaign(slug="past", starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    assert 'href="/donate/?campaign=2026&amp;appeal=campaign"' in page(client, "past")


def test_where_nothing_runs_the_page_is_quiet(client, year, time_machine):
    time_machine.move_to(END)
    html = page(client)
    assert "We are not asking for gifts at the moment." in html
    assert 'class="appeal"' not in html
    assert "/donate/" not in html.split("<main")[1].split("</main")[0]


def test_a_campaign_that_goes_on_shows_its_own_button_alone(client, year):
    assert 'class="appeal"' not in page(client)


def on_a_story(tag):
    return " ".join(Template("{% load appeal %}{% " + tag + " %}").render(Context()).split())


def test_stories_say_how_the_last_campaign_came_out_where_none_runs(year, time_machine):
    pay(year, amount=1_250_000)
    assert on_a_story("appeal_is_over") == ""
    time_machine.move_to(END)
    assert on_a_story("appeal 7") == ""
    html = on_a_story("appeal_is_over")
    assert "is over: readers gave $12,500, and the goal of $10,000 was reached. Thank you." in html
    assert "We are not asking for gifts at the moment." in html
    assert "button" not in html


def test_a_goal_that_was_missed_is_told_as_plainly(year, time_machine):
    pay(year, amount=250_000)
    time_machine.move_to(END)
    assert "is over: readers gave $2,500 of the $10,000 we asked for. Thank you." in on_a_story("appeal_is_over")


def test_stories_say_nothing_of_a_draft_or_where_no_campaign_was_the_default(year, time_machine):
    time_machine.move_to(END)
    Campaign.objects.update(status="draft")
    assert on_a_story("appeal_is_over") == ""
    Campaign.objects.update(status="closed", is_default=False)
    assert on_a_story("appeal_is_over") == ""


def test_stories_ask_for_what_follows_from_its_first_second(year, next_year, time_machine):
    time_machine.move_to(END - SECOND, tick=False)
    assert "campaign=2026&amp;article=7" in on_a_story("appeal 7")
    time_machine.move_to(END, tick=False)
    assert "campaign=2027&amp;article=7" in on_a_story("appeal 7")


@pytest.mark.parametrize("change", [{}, {"sensitivity": "sensitive"}], ids=["a story", "a sensitive one"])
def test_the_note_of_a_past_campaign_stands_only_where_an_appeal_would(client, year, time_machine, change):
    story = published(body="<p>The tide came in.</p>" * 40, **change)
    time_machine.move_to(END)
    html = client.get(story.live.get_absolute_url()).content.decode()
    assert ("We are not asking for gifts at the moment." in html) is not bool(change)
    assert 'href="#appeal"' not in html


# --- The goal is reached ---------------------------------------------------------------------------------------------

REACHED = "Our readers have reached this goal. Thank you."


def test_reaching_the_goal_changes_the_words_everywhere_and_closes_nothing(client, year):
    pay(year, amount=999_999)
    form = client.get("/donate/?campaign=2026")
    assert not any(REACHED in html for html in (page(client), on_a_story("appeal 7"), form.content.decode()))
    pay(year, amount=1)
    form = " ".join(client.get("/donate/?campaign=2026").content.decode().split())
    for html in (page(client), on_a_story("appeal 7"), form):
        assert REACHED in html
        assert "100%: the goal is reached" in html
    assert "Continue to payment" in form
    assert 'href="/donate/?campaign=2026&amp;appeal=campaign"' in page(client)


def test_more_than_the_goal_is_said_in_full_while_the_bar_is_full(client, year):
    pay(year, amount=2_500_000)
    assert client.get("/campaigns/2026.json").json()["percent"] == 250
    assert 'value="100" max="100"' in page(client)
    assert "250%: the goal is reached" in page(client)


def test_a_goal_that_was_reached_is_told_as_past_once_the_campaign_is_over(client, year, time_machine):
    pay(year, amount=1_000_000)
    time_machine.move_to(END)
    assert "Our readers reached this goal. Thank you." in page(client)
    assert public_totals(year).percent == 100
