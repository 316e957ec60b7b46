"""The demo newsroom, seeded once for all tests of this module; what each of them changes is rolled back."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from articles import renditions
from articles.models import Article, Author, Event, Picture, Publication, StaffMail
from cms.management.commands import seed_demo
from donations.closing import ending
from donations.models import Campaign, Dispute, Gift, Payment, Refund, SentMail, WebhookEvent
from donations.sandbox.server import Sandbox
from donations.totals import public_totals

FILES = "django.core.files.storage.FileSystemStorage"


pytestmark = pytest.mark.xdist_group("seed")  # it takes seconds, so once for all of them


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def seeded(place, django_db_setup, django_db_blocker):
    """The whole newsroom as the command leaves it, without the renditions, which take long."""
    storages = {
        "default": {"BACKEND": FILES, "OPTIONS": {"location": place / "private", "base_url": None}},
        "public": {"BACKEND": FILES, "OPTIONS": {"location": place / "public", "base_url": "/media/"}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    ours = override_settings(DEBUG=True, VAR_DIR=place, STORAGES=storages, STRIPE_SECRET_KEY="", STRIPE_LIVE=False)
    with ours, django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        asked = []
        patch.setattr(renditions, "make_missing", lambda now: asked.extend(Picture.objects.awaiting_renditions(now)))
        call_command("seed_demo")
        yield asked
        transaction.set_rollback(True)


@pytest.fixture
def demo(seeded, db):
    return Campaign.objects.get(slug="publishing-costs")


def test_there_is_a_story_in_every_status_that_verbs_reach(demo):
    statuses = Counter(Article.objects.values_list("status", flat=True))
    assert statuses == {
        "published": 11,
        "draft": 3,  # one of them a new version of a story that is up, one what was retracted
        "in_review": 1,
        "changes_requested": 1,
        "approved": 1,
        "scheduled": 1,
        "spiked": 1,
    }


def test_twelve_stories_are_up_and_every_public_word_was_signed_by_two(demo):
    now = datetime.now(UTC)
    visible = Publication.objects.visible(now)
    assert visible.exclude(kind="retraction").count() == 12
    assert all(version.submitted_by != version.approved_by and version.is_intact() for version in visible)
    assert visible.filter(visible_from__gt=now).count() == 0


def test_one_live_story_has_a_newer_draft(demo):
    article = Article.objects.get(status="draft", body__contains="21: the jobs")
    assert "21: the jobs" in article.body
    assert "23: the jobs" in article.live.body


def test_one_story_carries_a_correction_that_says_what_was_wrong(demo):
    first, corrected = Article.objects.get(slug__startswith="the-library-will-open").publications.order_by("version")
    assert "$148,000 a year" in first.body
    assert "$184,000 a year" in corrected.body
    assert corrected.kind == "correction"
    assert "$148,000" in corrected.public_note
    assert corrected.updated == corrected.visible_from > corrected.first_published == first.visible_from


def test_one_story_was_retracted_and_keeps_nothing_of_its_words(demo):
    first, notice = Article.objects.get(slug__startswith="harbor-paid").publications.order_by("version")
    assert "9,400 cubic yards" in first.body
    assert (notice.kind, notice.body, notice.standfirst) == ("retraction", "", "")
    assert "Merrow Point" in notice.public_note


def test_one_story_goes_out_tomorrow_morning(demo):
    article = Article.objects.get(status="scheduled")
    assert article.live is None
    assert timezone.localtime(article.scheduled_version.visible_from).hour == 6


def test_its_history_agrees_with_itself(demo, capsys):
    call_command("verify_history")
    assert capsys.readouterr().out.startswith("The history agrees with itself. Read were stories: ")


def test_the_journalist_finds_work_of_each_kind_on_her_desk(demo):
    own = Article.objects.own(get_user_model().objects.get(username="journalist"))
    assert {"draft", "in_review", "changes_requested", "published"} <= set(own.values_list("status", flat=True))


def test_nothing_happened_in_the_future(demo):
    now = datetime.now(UTC)
    assert not Event.objects.filter(at__gt=now).exists()
    assert not Payment.objects.filter(given_at__gt=now).exists()
    assert not WebhookEvent.objects.filter(received_at__gt=now).exists()


def test_the_accounts_have_their_groups_and_the_password_demo(demo):
    users = {user.username: user for user in get_user_model().objects.all()}
    groups = {name: [group.name for group in users[name].groups.all()] for name in seed_demo.accounts()}
    assert groups == {
        "journalist": ["Journalists"],
        "editor": ["Editors"],
        "managing": ["Managing editors"],
        "fundraiser": ["Fundraisers"],
        "admin": [],
    }
    assert [name for name, user in users.items() if user.has_usable_password()] == list(groups)
    assert users["journalist"].check_password("demo")
    assert [name for name, user in users.items() if user.is_superuser] == ["admin"]


def test_renditions_of_all_that_readers_see_are_made_at_once(demo, seeded):
    shown = Publication.objects.visible(datetime.now(UTC)).values_list("pictures__picture", flat=True)
    photos = Author.objects.values_list("photo", flat=True)
    assert {picture.pk for picture in seeded} == {*shown, *photos} - {None}


def test_every_author_has_a_portrait_and_a_bio(demo):
    assert Author.objects.count() == 5
    assert not Author.objects.filter(photo=None).exists()
    assert not Author.objects.filter(bio="").exists()


def test_the_bar_stands_near_sixty_percent(demo):
    assert 55 <= public_totals(demo).percent <= 65
    assert 115 <= demo.gift_set.count() <= 150


def test_the_fundraiser_finds_something_of_everything(demo):
    gifts = set(Gift.objects.values_list("frequency", "status"))
    assert {("once", "given"), ("once", "processing"), ("once", "expired"), ("once", "promised")} <= gifts
    assert {("monthly", "active"), ("monthly", "past_due"), ("monthly", "ended")} <= gifts
    assert Gift.objects.duplicates().count() == 1
    assert set(Refund.objects.values_list("status", flat=True)) == {"succeeded"}
    assert Dispute.objects.open().count() == 1
    assert Payment.objects.promised().count() == 1
    assert Payment.objects.filter(gift__campaign=demo, channel="cheque", status="succeeded").count() == 2
    assert WebhookEvent.objects.unattributed().count() == 1
    assert not WebhookEvent.objects.filter(state__in=WebhookEvent.UNSETTLED).exists()
    assert Gift.objects.filter(visibility="named").exists()
    assert Gift.objects.filter(visibility="anonymous").exists()


def test_last_years_campaign_is_over_and_its_report_stands_beside_what_came_late(demo):
    past, now = Campaign.objects.get(slug="archive-roof"), datetime.now(UTC)
    assert (past.status, past.is_default) == ("closed", False)
    assert past.days_are_over(now)
    end = ending(past, public_totals(past), now)
    assert (end.report.because, end.report.figures["promised"]) == ("waited", 12_000)
    assert end.told.endswith(": $4,180 raised by 18 supporters.")
    assert end.since == "Since then the sum has risen by $120, to $4,300 from 19 supporters."


def test_gifts_through_stripe_name_the_story_they_came_from(demo):
    online = Gift.objects.exclude(livemode=None)
    assert not online.filter(article_title="").exists()
    told = set(online.values_list("article_id", flat=True))
    sensitive = Article.objects.get(sensitivity="sensitive")
    assert sensitive.pk not in told
    assert len(told) == 11


def test_nobody_is_written_to_about_a_gift_of_the_past(demo):
    kinds = Counter(SentMail.objects.values_list("kind", flat=True))
    assert kinds.pop("receipt") + kinds.pop("renewal_receipt") == Payment.objects.succeeded().count()
    assert set(kinds) <= {"failing", "paused", "stopped"}
    assert not SentMail.objects.exclude(status="sent").exists()


def test_nobody_of_the_newsroom_is_written_to_about_a_story_of_the_past(demo):
    assert StaffMail.objects.filter(kind="submitted").count() > 20
    assert not StaffMail.objects.exclude(status="sent").exists()


def test_the_sandbox_remembers_every_payment_for_what_comes_next(demo, place):
    sandbox = Sandbox(state_file=place / "sandbox.json")
    ours = set(Payment.objects.exclude(remote_id=None).values_list("remote_id", flat=True))
    assert len(ours) > 120
    assert ours <= set(sandbox.objects["payment_intent"])
    assert sandbox.account.later == []  # the pending bank debit waits for somebody to settle it


def test_a_second_run_changes_nothing(demo, capsys):
    with CaptureQueriesContext(connection) as queries:
        call_command("seed_demo")
    assert "is here already" in capsys.readouterr().out
    assert not [query for query in queries if not query["sql"].startswith("SELECT")]
