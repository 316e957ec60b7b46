"""The end of a campaign at the desk: statuses by hand with refusals in words, and the final report."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from donations import closing
from donations.models import Campaign, CampaignReport
from tests.articles.forms import filled
from tests.donations.factories import make_campaign, make_gift, make_payment, make_refund
from tests.donations.fundraisers import a_fundraiser

pytestmark = pytest.mark.django_db
END = datetime(2027, 1, 1, 5, tzinfo=UTC)  # of 2026 in New York
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def priya(client):
    client.force_login(a_fundraiser())
    return client


@pytest.fixture
def at(priya, time_machine):
    """Moves the clock; the session from before would be over."""

    def move(moment):
        time_machine.move_to(moment)
        priya.force_login(a_fundraiser())

    return move


def page_of(campaign, name="change"):
    return reverse(f"admin:donations_campaign_{name}", args=[campaign.pk])


def words_of(answer):
    return " ".join(answer.content.decode().split())


def save(client, campaign, **changes):
    """Sends the campaign's form as it is shown, with these changes."""
    form = client.get(page_of(campaign)).context["adminform"].form
    typed = {name: form[name].value() or "" for name in form.fields if not form.fields[name].disabled}
    return client.post(page_of(campaign), typed | changes)


def refusal(answer, field="status"):
    return answer.context["adminform"].form.errors.get(field)


def test_a_campaign_goes_live_and_is_closed_by_hand_and_opened_again_while_its_days_last(priya):
    campaign = make_campaign(status="draft")
    for status in ("live", "closed", "live"):
        assert save(priya, campaign, status=status).status_code == 302
        assert Campaign.objects.get().status == status


def test_a_campaign_whose_days_are_over_is_not_opened_again(priya, at):
    campaign = make_campaign(status="closed")
    at(END)
    answer = save(priya, campaign, status="live")
    assert refusal(answer) == [
        "Its last day was December 31, 2026, so it takes no gifts and cannot be live. "
        "Give it a later last day, or begin a new campaign that follows it."
    ]
    assert Campaign.objects.get().status == "closed"


def test_with_a_later_last_day_it_is_opened_again(priya, at):
    campaign = make_campaign(status="closed")
    at(END)
    assert save(priya, campaign, status="live", ends="2027-01-31").status_code == 302
    assert Campaign.objects.get().collects(END)


@pytest.mark.parametrize(
    ("field", "meanwhile", "stands"),
    [
        ("status", "closed", "Closed"),
        ("starts", date(2026, 2, 1), "Feb. 1, 2026"),
        ("ends", date(2027, 1, 31), "Jan. 31, 2027"),
        ("ends", None, "empty"),
    ],
)
def test_a_form_that_was_opened_before_does_not_undo_what_was_closed_or_moved_meanwhile(
    priya, field, meanwhile, stands
):
    campaign = make_campaign()
    form = filled(priya.get(page_of(campaign)), form_id="campaign_form", goal="20,000.00")
    Campaign.objects.update(**{field: meanwhile})
    answer = priya.post(page_of(campaign), form)
    assert refusal(answer, field) == [
        f"Since you opened this page it has changed: it is {stands} now. Open the page again before you change it."
    ]
    assert priya.post(page_of(campaign), filled(answer, form_id="campaign_form")).status_code == 200
    again = Campaign.objects.get()
    assert (getattr(again, field), again.goal) == (meanwhile, 1_000_000)


def test_who_closes_what_was_closed_meanwhile_is_told_of_nothing(priya):
    campaign = make_campaign()
    form = filled(priya.get(page_of(campaign)), form_id="campaign_form", status="closed", goal="20,000.00")
    Campaign.objects.update(status="closed")
    assert priya.post(page_of(campaign), form).status_code == 302
    assert Campaign.objects.get().goal == 2_000_000


def test_other_days_that_leave_payments_out_are_said(priya):
    campaign = make_campaign()
    gift = make_gift(campaign=campaign, status="given")
    make_payment(gift=gift, amount=2500)
    answer = save(priya, campaign, status="closed", ends="2026-02-01")
    assert any(
        "now counts 0 payments of $0; before this change it was 1 payment of $25." in str(message)
        for message in get_messages(answer.wsgi_request)
    )


def test_a_last_day_that_has_passed_is_refused_to_a_live_campaign_and_says_how_to_end_it(priya):
    campaign = make_campaign()
    answer = save(priya, campaign, ends="2026-01-31")
    assert refusal(answer, "ends") == [
        "January 31, 2026 is over, and a live campaign closes after its last day. Type a day to come. "
        "If it is to end now, set its status to closed."
    ]
    assert Campaign.objects.get().ends == date(2026, 12, 31)


def test_a_slip_in_the_last_day_of_a_closed_campaign_can_be_put_right_for_two_weeks(priya, time_machine):
    campaign = make_campaign()
    make_payment(gift=make_gift(campaign=campaign, status="given"))
    assert save(priya, campaign, status="closed", ends="2026-01-31").status_code == 302
    set_at = Campaign.objects.get().days_set_at
    shown = words_of(priya.get(page_of(campaign)))
    assert "They are final on November 24, 2026: until then the days can be put right" in shown
    closing.tend(set_at + 14 * DAY - SECOND)
    assert not CampaignReport.objects.exists()
    assert save(priya, campaign, status="live", ends="2027-01-31").status_code == 302
    closing.tend(set_at + 99 * DAY)
    assert CampaignReport.objects.get().figures["raised"] == 2500


def test_once_reported_it_is_neither_opened_nor_given_other_days(priya, at):
    campaign = make_campaign()
    closing.tend(END + DAY)
    at(END + 2 * DAY)
    assert words_of(priya.get(page_of(campaign))).count("The final report tells of this, so it stays.") == 6
    answer = save(priya, campaign, status="live", ends="2027-06-30")
    assert refusal(answer) == [
        "Its last day was December 31, 2026, so it takes no gifts and cannot be live. "
        "Its final report is made, so its days stay: begin a new campaign that follows it."
    ]
    assert refusal(answer, "ends") == ["The final report tells of this, so it stays. A new campaign can differ."]
    assert Campaign.objects.get().ends == date(2026, 12, 31)


def test_words_of_a_reported_campaign_can_still_be_put_right(priya, at):
    campaign = make_campaign()
    closing.tend(END + DAY)
    at(END + 2 * DAY)
    assert save(priya, campaign, title="The year 2026").status_code == 302
    assert Campaign.objects.get().title == "The year 2026"


def test_a_draft_whose_days_are_over_does_not_go_live(priya, at):
    campaign = make_campaign(status="draft")
    at(END)
    assert "Its last day was December 31, 2026" in refusal(save(priya, campaign, status="live"))[0]


@pytest.mark.parametrize("status", ["live", "closed"])
def test_what_readers_know_does_not_become_a_draft_again(priya, status):
    answer = save(priya, make_campaign(status=status), status="draft")
    assert refusal(answer) == ["Readers know this campaign, so it stays public. Close it instead."]


def test_before_the_worker_came_its_words_can_be_saved_and_it_stays_over(priya, at):
    campaign = make_campaign()
    at(END)
    assert save(priya, campaign, title="The year 2026").status_code == 302
    assert Campaign.objects.get().status_at(END) == "closed"


def test_a_campaign_that_is_over_is_told_as_closed_and_leaves_the_dashboard(priya, at):
    campaign = make_campaign(title="The year 2026")
    changelist = reverse("admin:donations_campaign_changelist")
    assert '<td class="field-status_now">Live</td>' in words_of(priya.get(changelist))
    assert page_of(campaign, "figures") in words_of(priya.get("/admin/"))
    at(END)
    assert '<td class="field-status_now">Closed</td>' in words_of(priya.get(changelist))
    assert page_of(campaign, "figures") not in words_of(priya.get("/admin/"))


def test_a_campaign_that_is_over_does_not_become_the_default(priya, at):
    campaign = make_campaign()
    at(END)
    answer = priya.post(page_of(campaign, "default"), follow=True)
    assert "Only a live campaign can be the default" in words_of(answer)
    assert not Campaign.objects.get().is_default


@pytest.mark.parametrize("name", ["change", "figures"])
def test_its_pages_say_whether_figures_are_provisional_or_final(priya, name, at):
    campaign = make_campaign()
    at(END)
    assert "Its figures are provisional: nothing is on its way." in words_of(priya.get(page_of(campaign, name)))
    closing.tend(END + DAY)
    shown = words_of(priya.get(page_of(campaign, name)))
    assert "Final report of January 2, 2027: $0 raised by 0 supporters." in shown
    assert "Everything that was on its way has come or failed, so it was final." in shown


def test_the_report_stands_beside_the_figures_of_today(priya, at):
    campaign = make_campaign()
    payment = make_payment(gift=make_gift(campaign=campaign, status="given"), amount=10_000)
    closing.tend(END + DAY)
    make_refund(payment=payment, amount=2500)
    at(END + 2 * DAY)
    [table] = priya.get(page_of(campaign, "figures")).context["tables"]
    assert table.title == "Final report of January 2, 2027"
    assert ["Raised", "$100.00", "$75.00"] in table.rows
    assert ["Net", "$98.97", "$73.97"] in table.rows
    assert len(table.rows) == 13


def test_nobody_finds_a_way_to_a_report_in_the_admin_not_even_a_superuser(client, admin_user):
    make_campaign()
    closing.tend(END + DAY)
    client.force_login(admin_user)
    assert client.post(f"/admin/donations/campaignreport/{CampaignReport.objects.get().pk}/delete/").status_code == 404
    assert "campaignreport" not in words_of(client.get("/admin/"))


def test_the_dashboard_says_that_the_goal_is_reached(priya):
    campaign = make_campaign(goal=1000)
    make_payment(gift=make_gift(campaign=campaign, status="given"), amount=999)
    assert "the goal is reached" not in words_of(priya.get("/admin/"))
    make_payment(gift=make_gift(campaign=campaign, status="given"), amount=1501)
    shown = words_of(priya.get("/admin/"))
    assert "250 %: the goal is reached" in shown
    assert 'max="100" value="100"' in shown


def test_a_default_that_is_over_is_no_trouble_while_what_follows_it_asks(priya, at):
    year = make_campaign(is_default=True)
    attention = reverse("admin:donations_attention")
    at(END)
    assert "Articles that ask for nothing" in words_of(priya.get(attention))
    make_campaign(starts=date(2027, 1, 1), ends=None, follows=year)
    assert "Articles that ask for nothing" not in words_of(priya.get(attention))
