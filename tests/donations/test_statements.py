"""What a giver gave in a year: which payments, exact sums, printed whatever the name, mailed once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as outbox
from django.core.management import CommandError, call_command
from django.urls import reverse

from donations import mails
from donations.giving.door import GIVER
from donations.issuing import YearNotOver, issue, issue_copy, to_be_issued
from donations.models import SentMail, StatementWords
from donations.statements import printed, statement_of, years_of

from .factories import make_campaign, make_dispute, make_donor, make_gift, make_payment, make_refund
from .paper import pages_of, text_of

pytestmark = pytest.mark.django_db
SPRING = datetime(2026, 3, 3, 15, tzinfo=UTC)
JANUARY = datetime(2027, 1, 4, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SITE_URL = "https://record.example"
    settings.TIME_ZONE = "America/New_York"


@pytest.fixture
def zoe():
    return make_donor(email="zoe@example.org")


def given(donor, amount=2500, *, at=SPRING, title="Publishing costs 2026", name="Zoë Marsh", **fields):
    campaign = make_campaign(title=title, currency=fields.get("currency", "USD"))
    gift = make_gift(
        donor=donor, campaign=campaign, status="given", amount=amount, name=name, currency=campaign.currency
    )
    return make_payment(gift=gift, amount=amount, given_at=at, **({"method": "card"} | fields))


def paper(donor, year=2026, now=JANUARY, *, is_copy=False, **words):
    """The text of the printed statement."""
    return text_of(printed(statement_of(donor, year, now), StatementWords(**words), now, is_copy=is_copy))


def lines(donor, year=2026):
    return [
        (line.day, line.how, line.amount, line.back)
        for part in statement_of(donor, year, JANUARY).parts
        for line in part.lines
    ]


# --- What is in it -------------------------------------------------------------------------------------------------


def test_the_year_begins_and_ends_at_the_newsrooms_midnight(zoe):
    first = given(zoe, 100, at=datetime(2026, 1, 1, 5, tzinfo=UTC))
    given(zoe, 200, at=first.given_at - timedelta(seconds=1))
    last = given(zoe, 300, at=datetime(2027, 1, 1, 4, 59, 59, tzinfo=UTC))
    given(zoe, 400, at=last.given_at + timedelta(seconds=1))

    assert lines(zoe) == [("January 1, 2026", "Card", 100, 0), ("December 31, 2026", "Card", 300, 0)]
    assert years_of(zoe) == [2027, 2026, 2025]


def test_what_went_back_is_taken_off_in_the_year_of_its_payment(zoe):
    payment = given(zoe, 5000)
    make_refund(payment=payment, amount=2000, made_at=JANUARY)
    make_refund(payment=payment, amount=500, status="failed")
    given(zoe, 700, at=JANUARY)

    assert lines(zoe) == [("March 3, 2026", "Card", 5000, 2000)]
    assert lines(zoe, 2027) == [("January 4, 2027", "Card", 700, 0)]
    assert "Given: $50.00 Went back: $20.00 Total of 2026: $30.00" in paper(zoe)


def test_a_payment_of_which_more_went_back_than_came_takes_nothing_from_another(zoe):
    payment = given(zoe, 5000)
    make_refund(payment=payment, amount=5000)
    make_dispute(payment=payment, amount=5000)
    given(zoe, 1000)

    assert "Given: $60.00 Went back: $50.00 Total of 2026: $10.00" in paper(zoe)


def test_only_what_came_in_of_our_mode_and_of_this_giver_is_listed(zoe):
    given(zoe, 100)
    given(zoe, 200, status="pending")
    given(zoe, 300, status="failed")
    given(zoe, 400, livemode=True)
    given(zoe, 500, channel="cheque", status="pending", method="")
    given(zoe, 600, channel="cheque", method="")
    given(make_donor(), 700)

    assert lines(zoe) == [("March 3, 2026", "Card", 100, 0), ("March 3, 2026", "Cheque", 600, 0)]


def test_currencies_are_never_added_up(zoe):
    given(zoe, 2500)
    given(zoe, 4000, currency="JPY", fee_currency="JPY")

    told = paper(zoe)
    assert "Total of 2026: ¥4,000" in told
    assert "Total of 2026: $25.00" in told


@pytest.mark.parametrize(
    ("method", "told"),
    [("card", "Card"), ("us_bank_account", "Bank debit"), ("sepa_debit", "Bank debit"), ("", "Online")],
)
def test_how_it_was_paid_stands_in_a_givers_words(zoe, method, told):
    given(zoe, method=method)
    assert [line[1] for line in lines(zoe)] == [told]


# --- How it is printed ---------------------------------------------------------------------------------------------


def test_the_paper_says_who_gave_what_when_and_for_what(zoe):
    given(zoe)
    assert paper(zoe) == (
        "The Merrow Bay Record Your gifts in 2026 This is a test. No real money moved. Zoë Marsh zoe@example.org "
        "Issued on January 4, 2027 Thank you. This is what you gave to The Merrow Bay Record in 2026, and what of it "
        "went back to you. Date For How Amount Went back March 3, 2026 Publishing costs 2026 Card $25.00 – "
        "Total of 2026: $25.00 This statement lists payments. It makes no statement about tax, and is no promise that "
        "a gift can be deducted. If something here is wrong, answer any mail of ours. "
        "The Merrow Bay Record · 2026 · Page 1 of  1"
    )


def test_the_name_on_it_is_that_of_most_of_its_payments_of_equals_the_latest(zoe):
    given(zoe)
    given(zoe, name="Somebody else", at=SPRING + timedelta(days=2))
    assert statement_of(zoe, 2026, JANUARY).name == "Somebody else"
    given(zoe, at=SPRING + timedelta(days=1))
    given(zoe, name="", at=SPRING + timedelta(days=3))
    assert statement_of(zoe, 2026, JANUARY).name == "Zoë Marsh"


def test_staff_may_word_it_and_the_year_finds_its_place(zoe):
    given(zoe)
    told = paper(zoe, heading="{year} at {newsroom}", letterhead="Harbour Street 12", before="", after="See {law}.")

    assert "Harbour Street 12 2026 at The Merrow Bay Record" in told
    assert "See {law}." in told
    assert "about tax" not in told


def test_a_copy_says_so_on_every_page(zoe):
    given(zoe)
    assert "Copy" not in paper(zoe)
    assert paper(zoe, is_copy=True).count("Copy") == 2


def test_a_running_year_is_told_so_far(zoe):
    given(zoe)
    assert "2026 is not over: these are the gifts up to May 1, 2026." in paper(
        zoe, now=datetime(2026, 5, 1, 12, tzinfo=UTC)
    )
    assert "not over" not in paper(zoe)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Łucja Đặng-Ţîrlea", True),
        ("Αλέξης Παπαδόπουλος", True),
        ("Жанна Їжакевич", True),
        ("محمد", False),
        ("李明", False),
        ("Zoë 🌊 Marsh", False),
    ],
)
def test_any_name_prints_or_leaves_its_place_to_the_address(zoe, name, told):
    given(zoe, name=name)
    shown = "".join(paper(zoe).split())  # a letter of another font stands apart
    assert ("".join(name.split()) in shown) is told
    assert "zoe@example.org" in shown


@pytest.mark.parametrize("title", ["海岸調査", "\u202eevil\u202c \x07 \ufffe", "x" * 160, "किताब", "🌊" * 60])
def test_no_title_stops_the_printing(zoe, title):
    given(zoe, title=title)
    assert "Total of 2026: $25.00" in paper(zoe)


def test_an_amount_whose_sign_no_font_has_is_named_by_its_letters(zoe):
    given(zoe, currency="ILS", fee_currency="ILS")
    assert "Total of 2026: ILS 25.00" in paper(zoe)


def test_many_payments_take_several_pages_each_under_its_heads(zoe):
    gift = given(zoe).gift
    for number in range(40):
        make_payment(gift=gift, amount=100, given_at=SPRING + timedelta(days=number), method="card")

    pdf = printed(statement_of(zoe, 2026, JANUARY), StatementWords(), JANUARY, is_copy=False)
    assert pages_of(pdf) == 3
    assert text_of(pdf).count("Went back") == 3


# --- How it goes out -----------------------------------------------------------------------------------------------


def test_each_giver_of_a_year_is_owed_one_statement_however_often_it_is_asked(zoe):
    given(zoe)
    given(zoe, 700)
    refunded = given(make_donor(), 100)
    make_refund(payment=refunded)
    given(make_donor(), 100, at=JANUARY)
    refuses, nameless = make_donor(), make_donor()
    type(refuses).objects.filter(pk=refuses.pk).update(mails_refused_at=SPRING)
    type(nameless).objects.filter(pk=nameless.pk).update(email=None)
    given(refuses)
    given(nameless)

    assert list(to_be_issued(2026)) == [zoe]
    assert [issue(2026, JANUARY), issue(2026, JANUARY)] == [1, 0]
    assert SentMail.objects.get().key == f"{zoe.pk}:2026:1"


def test_no_statement_goes_out_before_the_year_is_over(zoe):
    given(zoe)
    with pytest.raises(YearNotOver, match="2026 is not over"):
        issue(2026, datetime(2027, 1, 1, 4, 59, tzinfo=UTC))
    assert not SentMail.objects.exists()


def test_the_mail_brings_the_original_and_a_second_one_a_copy(zoe):
    given(zoe)
    issue(2026, JANUARY)
    first, second = SentMail.objects.get(), issue_copy(zoe, 2026, JANUARY)
    assert [mails.send(first.pk, JANUARY), mails.send(second.pk, JANUARY)] == [True, True]

    original, copy = outbox.outbox
    assert (original.to, original.subject) == (["zoe@example.org"], "Test: Your statement for 2026")
    assert copy.subject == "Test: A copy of your statement for 2026"
    [[name, pdf, kind]] = original.attachments
    assert (name, kind) == ("gifts-2026.pdf", "application/pdf")
    assert "Total of 2026: $25.00" in text_of(pdf)
    assert ["Copy" in text_of(message.attachments[0][1]) for message in outbox.outbox] == [False, True]
    assert "In 2026: $25.00" in original.body
    assert not [word for word in ("tax", "deduct", "charit") if word in original.body.lower()]


def test_a_claim_that_was_sent_again_stays_the_original(zoe):
    given(zoe)
    issue(2026, JANUARY)
    SentMail.objects.update(status="sending", sending_at=JANUARY)
    later = JANUARY + timedelta(hours=1)

    assert mails.send_again(SentMail.objects.get().pk, later)
    assert mails.send_due(later) == 1
    assert "Copy" not in text_of(outbox.outbox[0].attachments[0][1])


def test_a_statement_of_what_went_back_meanwhile_is_owed_no_more(zoe):
    payment = given(zoe)
    issue(2026, JANUARY)
    make_refund(payment=payment)

    assert mails.send_due(JANUARY) == 0
    assert not SentMail.objects.exists()


def test_the_command_says_how_many_and_does_nothing_when_it_is_dry(zoe, capsys, time_machine):
    time_machine.move_to(JANUARY)
    given(zoe)
    call_command("send_statements", "--year", "2026", "--dry-run")
    assert not SentMail.objects.exists()
    call_command("send_statements", "--year", "2026")
    call_command("send_statements", "--year", "2026")

    assert capsys.readouterr().out.splitlines() == [
        "Statements of 2026 that would be mailed: 1. Nothing was done.",
        "Statements of 2026 that are mailed now: 1.",
        "Statements of 2026 that are mailed now: 0.",
    ]


@pytest.mark.parametrize(("year", "why"), [("2027", "2027 is not over"), ("26", "26 is no year")])
def test_the_command_refuses_a_year_that_is_none_or_not_over(year, why):
    with pytest.raises(CommandError, match=why):
        call_command("send_statements", "--year", year)


# --- Where the giver fetches it ------------------------------------------------------------------------------------


def at_home(client, donor):
    session = client.session
    session[GIVER] = {"donor": donor.pk.hex, "since": datetime.now(UTC).timestamp()}
    session.save()


def test_a_giver_fetches_their_statement_and_a_copy_once_it_was_mailed(client, zoe):
    given(zoe)
    at_home(client, zoe)
    url = reverse("donations:giving_statement", args=[2026])
    first = client.get(url)
    issue_copy(zoe, 2026, JANUARY)

    assert (first.status_code, first["Content-Type"]) == (200, "application/pdf")
    assert first["Content-Disposition"] == 'attachment; filename="gifts-2026.pdf"'
    assert "no-store" in first["Cache-Control"]
    assert ["Copy" in text_of(first.content), "Copy" in text_of(client.get(url).content)] == [False, True]


def test_a_year_without_a_gift_of_theirs_has_no_statement(client, zoe):
    given(make_donor())
    at_home(client, zoe)
    for year in (2026, 1, 99999):
        assert client.get(reverse("donations:giving_statement", args=[year])).status_code == 404


def test_whoever_is_not_let_in_is_led_to_the_door(client, zoe):
    given(zoe)
    answer = client.get(reverse("donations:giving_statement", args=[2026]))
    assert (answer.status_code, answer["Location"]) == (302, reverse("donations:giving"))
