"""Who sees who gave: fundraisers. Journalists and editors see no donors at all, and fundraisers no drafts."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver

from articles.models import StaffMail
from donations.models import Campaign, Dispute, Donor, Gift, Payment, Refund, SentMail, StatementWords, WebhookEvent
from tests.articles.factories import BEGIN, a_draft, a_picture, a_topic, an_author, an_editor
from tests.donations.factories import (
    NOON,
    make_campaign,
    make_dispute,
    make_donor,
    make_gift,
    make_payment,
    make_refund,
)
from tests.donations.fundraisers import a_fundraiser, a_person

pytestmark = pytest.mark.django_db
NEWSROOM = ["Journalists", "Editors", "Managing editors"]
SECRETS = ["Zoë Marsh", "zoe@example.org", "cus_zoe", "pi_zoe"]


def admin_patterns(app):
    """Every URL of the admin whose name belongs to an app, as the resolver has them: (name, how many ids it takes)."""
    root = next(one for one in get_resolver().url_patterns if getattr(one, "namespace", "") == "admin")
    found, left = [], [root]
    while left:
        for pattern in left.pop().url_patterns:
            if isinstance(pattern, URLResolver):
                left.append(pattern)
            elif (pattern.name or "").startswith(f"{app}_"):
                found.append((pattern.name, len(pattern.pattern.converters)))
    return found


@pytest.fixture
def rows():
    """One row of everything, of a giver who did not ask to be named."""
    gift = make_gift(
        campaign=make_campaign(is_default=True),
        donor=make_donor(email="zoe@example.org"),
        name="Zoë Marsh",
        frequency="monthly",
        status="active",
        anchor=NOON,
        stripe_customer="cus_zoe",
    )
    payment = make_payment(gift=gift, remote_id="pi_zoe")
    refund, dispute = make_refund(payment=payment, amount=100), make_dispute(payment=payment, amount=100, moved=100)
    event = WebhookEvent.objects.create(
        event_id="evt_1", type="charge.updated", object_id="ch_1", livemode=False, received_at=NOON, gift=gift
    )
    mail = SentMail.objects.create(kind="receipt", key="one", gift=gift, payment=payment, queued_at=NOON)
    words = StatementWords.objects.create(pk=1)
    every = [gift.campaign, gift.donor, gift, payment, refund, dispute, event, mail, words]
    return {row._meta.model_name: row.pk for row in every}


def urls(rows):
    """Each URL of donations in the admin, with a row that is there."""
    for name, takes_id in admin_patterns("donations"):
        args = [rows[name.split("_")[1]]] if takes_id else []
        yield name, reverse(f"admin:{name}", args=args)


def test_the_resolver_knows_pages_and_verbs_of_every_model(rows):
    names = [name for name, _ in urls(rows)]
    models = [Campaign, Dispute, Donor, Gift, Payment, Refund, SentMail, WebhookEvent]
    for model in models:
        assert f"donations_{model._meta.model_name}_changelist" in names
        assert f"donations_{model._meta.model_name}_change" in names
    verbs = {"gift_stop", "payment_refund", "payment_confirm", "payment_reject", "sentmail_resend", "gift_export"}
    assert {f"donations_{verb}" for verb in verbs} | {"donations_attention", "donations_offline_enter"} <= set(names)


@pytest.mark.parametrize("group", NEWSROOM)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_newsroom_reaches_no_page_about_giving(client, rows, group, method):
    client.force_login(a_person(username="someone", group=group))
    answers = {name: getattr(client, method)(url) for name, url in urls(rows)}
    assert len(answers) > 40
    assert {name: one.status_code for name, one in answers.items() if one.status_code != 404} == {}
    told = "".join(one.content.decode() for one in answers.values())
    assert not [secret for secret in SECRETS if secret in told]


@pytest.mark.parametrize("group", NEWSROOM)
def test_the_newsroom_reads_nothing_of_a_giver_on_its_desk(client, rows, group):
    client.force_login(a_person(username="someone", group=group))
    for url in [reverse("admin:index"), "/admin/donations/", "/admin/donations/gift/?q=zoe", "/admin/r/1/1/"]:
        shown = client.get(url, follow=True).content.decode()
        assert not [secret for secret in SECRETS if secret in shown], url


def test_those_pages_would_have_shown_her(client, rows):
    client.force_login(a_fundraiser())
    shown = [client.get(url).content.decode() for name, url in urls(rows) if name.endswith(("changelist", "export"))]
    for secret in SECRETS:
        assert any(secret in page for page in shown), secret


def test_a_stranger_is_sent_to_the_sign_in_page(client, rows):
    for name, url in urls(rows):
        answer = client.get(url)
        assert answer.status_code == 302, name
        assert answer["Location"].startswith(reverse("admin:login"))


def test_a_member_of_staff_without_a_group_reaches_nothing(client, rows):
    client.force_login(a_person(username="nobody"))
    assert {client.get(url).status_code for _, url in urls(rows)} == {404}


def test_no_page_about_giving_may_be_kept_by_a_cache(client, rows):
    client.force_login(a_fundraiser())
    answers = {name: client.get(url) for name, url in urls(rows)}
    told = {name: answer["Cache-Control"] for name, answer in answers.items() if answer.status_code != 404}
    assert len(told) > 30
    assert {name: words for name, words in told.items() if "no-store" not in words or "private" not in words} == {}


def test_the_fundraiser_reaches_every_page_but_those_that_type_facts(client, rows):
    client.force_login(a_fundraiser())
    refused = {name for name, url in urls(rows) if client.get(url).status_code == 404}
    facts = ["donor", "gift", "payment", "refund", "dispute", "webhookevent", "sentmail", "statementwords"]
    assert refused == {f"donations_{fact}_{deed}" for fact in facts for deed in ("add", "delete")} | {
        "donations_campaign_delete"
    }


@pytest.fixture
def stories():
    """A draft and its surroundings, by the last word of their pages' names."""
    draft = a_draft(headline="The mayor's secret")
    mail = StaffMail.objects.create(kind="submitted", key="1", to=draft.creator, article=draft, queued_at=BEGIN)
    every = [draft, draft.section, an_author(), a_topic(), a_picture(), mail]
    return {row._meta.model_name: row.pk for row in every}


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_fundraiser_sees_no_stories(client, stories, method):
    client.force_login(a_fundraiser())
    answers = {}
    for name, ids in admin_patterns("articles"):
        url = reverse(f"admin:{name}", args=[stories[name.split("_")[1]], *[1] * (ids - 1)] if ids else [])
        answer = getattr(client, method)(url)
        answers[name] = answer.status_code
        assert "The mayor" not in answer.content.decode()
    assert len(answers) > 20
    assert {name: answer for name, answer in answers.items() if answer != 404} == {}
    assert client.get("/admin/articles/").status_code == 404


def test_that_story_would_have_shown_to_an_editor(client, stories):
    client.force_login(an_editor())
    shown = client.get(reverse("admin:articles_article_change", args=[stories["article"]]))
    assert "The mayor" in shown.content.decode()


def dashboard_of(person):
    request = RequestFactory().get("/admin/")
    request.user = person
    return render_to_string("admin/donations_dashboard.html", {"test_mode": True}, request=request)


def test_the_dashboard_shows_giving_to_fundraisers_alone(rows):
    assert "Zoë Marsh" in dashboard_of(a_fundraiser())
    for group in NEWSROOM:
        assert dashboard_of(a_person(username=group, group=group)).strip() == ""
    assert dashboard_of(AnonymousUser()).strip() == ""


def test_no_group_of_the_newsroom_holds_a_permission_about_giving():
    held = Permission.objects.filter(
        content_type__app_label="donations", group__in=Group.objects.filter(name__in=NEWSROOM)
    )
    assert list(held) == []
