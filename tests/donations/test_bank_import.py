"""A bank's file at the desk: shown line by line, entered as promised, known again; and many confirmed at once."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from donations import offline
from donations.bank_lines import MOST_LINES
from donations.models import Donor, Gift, Payment
from donations.totals import public_totals, totals
from tests.donations.factories import make_campaign, make_user
from tests.donations.fundraisers import a_fundraiser, a_person

pytestmark = pytest.mark.django_db
IMPORT = reverse("admin:donations_bank_import")
WAITING = reverse("admin:donations_offline_waiting")
NOW = datetime(2026, 10, 13, 16, tzinfo=UTC)  # noon in New York
HEAD = "Date,Name,Reference,Amount,E-mail\n"
EDITH = "2026-10-10,Edith Crane,Keep going,25.00,edith@example.org\n"
CASH = "2026-10-11,,Cash deposit,40.00,\n"
ANN = '2026-10-12,"Ann ""Lee"" <b>",,"1,000.00",\n'
RENT = "2026-10-12,Landlord,October,-900.00,\n"


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to(NOW, tick=False)


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def priya():
    return signed_in(a_fundraiser())


@pytest.fixture
def noor():
    return signed_in(a_fundraiser(username="noor", first_name="Noor", last_name="Haddad"))


@pytest.fixture
def campaign():
    return make_campaign(title="Publishing costs", is_default=True)


def text_of(response):
    return " ".join(response.content.decode().split())


def told(response):
    return [str(message) for message in response.context["messages"]]


def upload(client, campaign, *rows, head=HEAD):
    file = SimpleUploadedFile("statement.csv", (head + "".join(rows)).encode())
    return client.post(IMPORT, {"campaign": campaign.pk, "file": file})


def typed(shown, **changes):
    """What the page that was shown sends back, as a browser does: with other line ends."""
    form = shown.context["form"]
    said = {name: form.data.get(name) or "" for name in form.fields}
    said |= {"text": said["text"].replace("\n", "\r\n")}
    return said | {"seen": getattr(shown.context["report"], "seen", ""), **changes}


def enter(client, shown, **changes):
    return client.post(IMPORT, typed(shown, enter="1", **changes), follow=True)


def brought_in(client, campaign, *rows, **changes):
    return enter(client, upload(client, campaign, *rows), **changes)


def by_hand(campaign, **fields):
    entry = offline.Entry(**({"amount": 2500, "channel": "bank"} | fields))
    return offline.enter(campaign, entry, by=make_user(), now=NOW)


def states(shown):
    """What becomes of which line."""
    return {
        row["line"].number: (name, row["says"].split(".")[0])
        for name, _, rows in shown.context["report"].parts
        for row in rows
    }


def amounts():
    return sorted(Payment.objects.values_list("amount", flat=True))


def test_a_file_is_shown_line_by_line_and_writes_nothing(priya, campaign):
    shown = upload(priya, campaign, EDITH, RENT, ANN)
    assert shown.status_code == 200
    assert "2 payments of $1,025.00 can be entered for “Publishing costs”." in text_of(shown)
    assert "Ann &quot;Lee&quot; &lt;b&gt;" in text_of(shown)
    assert states(shown) == {2: ("good", ""), 3: ("rest", "Money that went out"), 4: ("good", "")}
    assert not Gift.objects.exists()
    assert not Donor.objects.exists()


def test_what_was_shown_is_entered_as_promised_by_that_person(priya, noor, campaign):
    answer = brought_in(priya, campaign, EDITH, RENT, ANN)
    assert told(answer) == [
        "Entered: 2 payments, $1,025.00, promised until another person confirms them. Noor Haddad can confirm them."
    ]
    assert totals(campaign, NOW).promised == 102500
    assert public_totals(campaign).raised == 0
    payment = Payment.objects.get(amount=2500)
    assert (payment.channel, payment.status, payment.entered_by.username) == ("bank", "pending", "priya")
    assert payment.given_at == datetime(2026, 10, 10, 16, tzinfo=UTC)
    gift = payment.gift
    assert (gift.name, gift.visibility, gift.donor.email, payment.reference) == (
        "Edith Crane",
        "anonymous",
        "edith@example.org",
        "Keep going",
    )
    assert [str(entry) for entry in LogEntry.objects.values_list("change_message", flat=True)] == [
        "Entered it from a bank's file."
    ] * 2


def test_the_same_file_again_or_in_another_order_adds_nothing(priya, campaign):
    brought_in(priya, campaign, EDITH, CASH, CASH, ANN)
    assert amounts() == [2500, 4000, 4000, 100000]
    for rows in ((EDITH, CASH, CASH, ANN), (ANN, CASH, EDITH, CASH), (CASH, ANN)):
        shown = upload(priya, campaign, *rows)
        assert {state for state, _ in states(shown).values()} == {"rest"}
        assert "No line is left to be entered." in text_of(shown)
        enter(priya, shown)
    assert len(amounts()) == 4


def test_a_file_that_overlaps_adds_what_is_new(priya, campaign):
    brought_in(priya, campaign, EDITH, CASH)
    shown = upload(priya, campaign, CASH, ANN)
    assert states(shown) == {2: ("rest", "Imported on Oct"), 3: ("good", "")}
    enter(priya, shown)
    assert amounts() == [2500, 4000, 100000]


def test_the_same_lines_for_another_campaign_are_known_too(priya, campaign):
    brought_in(priya, campaign, EDITH)
    assert states(upload(priya, make_campaign(), EDITH)) == {2: ("rest", "Imported on Oct")}


def test_what_was_rejected_stays_known(priya, campaign):
    brought_in(priya, campaign, EDITH)
    offline.withdraw(Payment.objects.get(), now=NOW)
    shown = upload(priya, campaign, EDITH)
    assert "and rejected since. If it did come, enter it by hand." in text_of(shown)
    enter(priya, shown)
    assert Payment.objects.count() == 1


def test_lines_that_say_the_same_both_count_unless_the_person_leaves_one_out(priya, campaign):
    shown = upload(priya, campaign, CASH, CASH)
    assert states(shown)[3] == ("ask", "It says the same as line 2")
    second = shown.context["report"].parts[0][2][0]["line"].key
    enter(priya, shown, tick=[second])
    assert amounts() == [4000]
    brought_in(priya, campaign, CASH, CASH)
    assert amounts() == [4000, 4000]


@pytest.mark.parametrize(
    "fields",
    [
        {"given_on": date(2026, 10, 10)},
        {"given_on": date(2026, 10, 8), "name": "edith crane"},
        {"given_on": date(2026, 10, 5), "reference": "keep going", "channel": "cheque"},
    ],
    ids=["same day", "same name", "same reference"],
)
def test_what_was_typed_by_hand_is_left_out_unless_it_is_another_one(priya, campaign, fields):
    by_hand(campaign, **fields)
    shown = upload(priya, campaign, EDITH)
    assert states(shown)[2][0] == "ask"
    assert "Tick this line only if it is another payment." in text_of(shown)
    enter(priya, shown)
    assert amounts() == [2500]
    shown = upload(priya, campaign, EDITH)
    enter(priya, shown, tick=[shown.context["report"].parts[0][2][0]["line"].key])
    assert amounts() == [2500, 2500]


def test_another_amount_or_week_or_a_rejected_one_is_no_twin(priya, campaign):
    by_hand(campaign, amount=2600, given_on=date(2026, 10, 10), name="Edith Crane")
    by_hand(campaign, given_on=date(2026, 10, 1), name="Edith Crane")
    offline.withdraw(by_hand(campaign, given_on=date(2026, 10, 10), name="Edith Crane"), now=NOW)
    assert states(upload(priya, campaign, EDITH)) == {2: ("good", "")}


def test_by_hand_after_the_import_it_is_asked_about_too(priya, campaign):
    brought_in(priya, campaign, EDITH)
    slip = {"campaign": campaign.pk, "amount": "25", "given_on": "2026-10-10", "channel": "bank", "name": "E. Crane"}
    answer = priya.post(reverse("admin:donations_offline_enter"), slip | {"visibility": "anonymous"})
    assert answer.status_code == 422
    assert "The same came from the bank’s file on" in text_of(answer)


def test_a_payout_of_stripes_is_not_counted_a_second_time(priya, campaign):
    shown = upload(priya, campaign, "2026-10-12,STRIPE TECHNOLOGY EUROPE,PAYOUT X1,812.40,\n")
    assert states(shown) == {2: ("ask", "This looks like Stripe paying out gifts that are counted already")}
    enter(priya, shown)
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("row", "part", "says"),
    [
        ("2026-10-14,Ann,,25.00,\n", "wrong", "This day is still to come"),
        ("9999-12-31,Ann,,25.00,\n", "wrong", "This day is still to come"),
        ("2025-12-31,Ann,,25.00,\n", "wrong", "“Publishing costs” counts gifts from Jan"),
        ("2026-10-12,Ann,,1000000.00,\n", "wrong", "$1,000,000"),
        ("2026-10-12,Ann,,25.00 EUR,\n", "wrong", "“25"),
        ("2026-10-12,Ann,,0.00,\n", "rest", "Nothing came in"),
        ("2026-10-12,Ann,,,\n", "rest", "Nothing came in"),
        ("Balance,,,25.00,\n", "wrong", "“Balance” is no date"),
        ("2026-10-12,Ann,25.00\n", "wrong", "This line has 3 columns, and there are 5 names"),
        ("2026-10-12,Ann,,25.00,ann@\n", "wrong", "“ann@” is no e-mail address"),
    ],
    ids=["future", "end of time", "window", "large", "currency", "zero", "empty", "footer", "short", "address"],
)
def test_each_line_says_what_is_wrong_and_the_others_go_on(priya, campaign, row, part, says):
    shown = upload(priya, campaign, row, EDITH)
    assert states(shown) == {2: (part, says), 3: ("good", "")}
    enter(priya, shown)
    assert amounts() == [2500]


def test_dates_that_could_be_two_days_are_asked_for(priya, campaign):
    shown = upload(priya, campaign, "03/04/2026,Ann,,25.00,\n")
    assert shown.context["report"] is None
    assert "“03/04/2026” could be two days, and no line tells which." in text_of(shown)
    again = priya.post(IMPORT, typed(shown, look="1"))
    assert again.status_code == 422
    shown = priya.post(IMPORT, typed(shown, look="1", order="mdy"))
    enter(priya, shown, order="mdy")
    assert Payment.objects.get().given_at.date() == date(2026, 3, 4)


def test_amounts_that_could_be_two_are_asked_for(priya, campaign):
    shown = upload(priya, campaign, "2026-10-12,Ann,,1.234,\n")
    assert "“1.234” could be two amounts, and no line tells which." in text_of(shown)
    shown = priya.post(IMPORT, typed(shown, look="1", decimal=","))
    enter(priya, shown, decimal=",")
    assert amounts() == [123400]


def test_a_column_that_says_another_currency_is_refused(priya, campaign):
    shown = upload(priya, campaign, "2026-10-12;25,00\n", head="Buchungstag;Betrag (EUR)\n")
    assert shown.context["report"] is None
    assert "“Betrag (EUR)” says EUR, and “Publishing costs” counts in USD." in text_of(shown)
    ours = upload(priya, campaign, "2026-10-12;25.00\n", head="DATE;AMOUNT IN USD FOR ALL\n")
    assert states(ours) == {2: ("good", "")}


def test_columns_that_no_word_tells_are_chosen_and_stay_chosen(priya, campaign):
    shown = upload(priya, campaign, "2026-10-12,25.00,Ann\n", head="A,B,C\n")
    assert "Choose the column with the date of the payment." in text_of(shown)
    chosen = {"date": "0", "amount": "1", "name": "2"}
    shown = priya.post(IMPORT, typed(shown, look="1", **chosen))
    assert states(shown) == {2: ("good", "")}
    twice = priya.post(IMPORT, typed(shown, look="1", name="1"))
    assert "This column is chosen for “Amount” too. Choose another." in text_of(twice)
    enter(priya, shown)
    assert Gift.objects.get().name == "Ann"


@pytest.mark.parametrize("change", ["columns", "text", "payments"])
def test_only_what_was_shown_is_entered(priya, campaign, change):
    shown = upload(priya, campaign, EDITH)
    changes = {}
    if change == "columns":
        changes = {"name": "2", "reference": "1"}
    elif change == "text":
        changes = {"text": HEAD + EDITH.replace("25.00", "2500.00")}
    else:
        by_hand(campaign, given_on=date(2026, 10, 10))
    answer = enter(priya, shown, **changes)
    assert answer.status_code == 409
    assert "This is not what you were shown" in text_of(answer)
    assert not Payment.objects.exclude(import_key=None).exists()


def test_of_two_presses_the_second_is_shown_that_it_is_done(priya, campaign):
    shown = upload(priya, campaign, EDITH)
    enter(priya, shown)
    again = enter(priya, shown)
    assert (again.status_code, Payment.objects.count()) == (409, 1)
    assert "Imported on Oct. 13, 2026." in text_of(again)


def test_all_or_none(priya, campaign, monkeypatch):
    shown = upload(priya, campaign, EDITH, ANN)
    real, calls = offline.enter, []

    def one_and_no_more(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise offline.NotBooked("No.")
        return real(*args, **kwargs)

    monkeypatch.setattr(offline, "enter", one_and_no_more)
    assert enter(priya, shown).status_code == 409
    assert not Gift.objects.exists()
    assert totals(campaign, NOW).promised == 0


def test_a_long_file_is_entered_in_parts(priya, campaign, monkeypatch):
    monkeypatch.setattr("donations.bank_lines.judging.MOST_AT_ONCE", 2)
    monkeypatch.setattr("donations.admin.bank_import.MOST_AT_ONCE", 2)
    shown = upload(priya, campaign, EDITH, CASH, ANN)
    assert "The first 2 are entered at once, then the next." in text_of(shown)
    rest = enter(priya, shown)
    assert "1 payment of $1,000.00 can be entered for “Publishing costs”." in text_of(rest)
    assert amounts() == [2500, 4000]
    enter(priya, rest)
    assert amounts() == [2500, 4000, 100000]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "This file is empty."), (b"x\0y", "not a text file"), (b"a;" * 600_000, "larger than 1 MiB")],
    ids=["empty", "binary", "large"],
)
def test_what_is_no_statement_is_told(priya, campaign, content, words):
    file = SimpleUploadedFile("statement.csv", content)
    answer = priya.post(IMPORT, {"campaign": campaign.pk, "file": file})
    assert answer.status_code == 422
    assert words in text_of(answer)


def test_text_that_was_tampered_with_is_told(priya, campaign):
    answer = priya.post(IMPORT, {"text": "nothing", "campaign": campaign.pk, "enter": "1"})
    assert answer.status_code == 422
    assert "No columns were found" in text_of(answer)


def test_every_line_of_the_longest_file_can_be_ticked(priya, campaign):
    shown = upload(priya, campaign, EDITH)
    enter(priya, shown, tick=[f"{line:064x}" for line in range(MOST_LINES)])
    assert amounts() == [2500]


def test_who_may_not_enter_has_no_such_page(client, campaign):
    reader = a_person(username="reader")
    reader.user_permissions.add(*a_fundraiser().groups.get().permissions.filter(codename__startswith="view_"))
    client.force_login(reader)
    assert client.get(IMPORT).status_code == 404
    assert upload(client, campaign, EDITH).status_code == 404
    assert "Import a bank" not in text_of(client.get(reverse("admin:donations_payment_changelist")))


def test_the_desk_and_the_list_of_payments_lead_to_it(priya, campaign):
    for name in ("index", "donations_payment_changelist"):
        assert IMPORT in text_of(priya.get(reverse(f"admin:{name}")))
    assert "The bank’s file" in text_of(priya.get(IMPORT))


def test_no_name_is_logged(priya, campaign, caplog):
    caplog.set_level("DEBUG")
    brought_in(priya, campaign, EDITH, ANN)
    assert Gift.objects.filter(name="Edith Crane").exists()
    assert "Edith" not in caplog.text
    assert not LogEntry.objects.filter(object_repr__contains="Edith").exists()
