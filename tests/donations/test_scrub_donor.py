"""`manage.py scrub_donor`: whom it finds, what it asks and says, and when it refuses."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from donations.models import Donor, Gift

from .factories import NOON, make_donor, make_gift, make_payment
from .giving import deliver, give_monthly

pytestmark = pytest.mark.django_db


def scrub_donor(*args, answer=None, monkeypatch=None, capsys=None):
    """What the command says, when `answer` is typed to its question."""
    if answer is not None:
        monkeypatch.setattr("builtins.input", lambda question: answer)
    call_command("scrub_donor", *args)
    return capsys.readouterr().out


def is_removed(donor):
    donor.refresh_from_db()
    return donor.scrubbed_at is not None


@pytest.mark.parametrize("typed", ["IDA@example.org", "id"])
def test_a_giver_is_found_by_address_or_id(typed, settings, capsys):
    settings.STRIPE_API_BASE = ""
    donor = make_donor(email="ida@example.org")
    payment = make_payment(gift=make_gift(donor=donor, status="given", name="Ida Brandt", stripe_customer="cus_1"))
    said = scrub_donor(str(donor.pk) if typed == "id" else typed, "--yes", capsys=capsys)
    assert is_removed(donor)
    assert Gift.objects.get(pk=payment.gift_id).name == ""
    assert said.startswith("ida@example.org: 1 gift, known since ")
    assert said.endswith("https://dashboard.stripe.com/test/customers/cus_1\n")


def test_in_the_demo_the_giver_at_stripe_is_shown_by_the_sandbox(settings, capsys):
    settings.STRIPE_API_BASE = "http://127.0.0.1:8001"
    make_gift(donor=make_donor(email="ida@example.org"), status="given", stripe_customer="cus_1")
    said = scrub_donor("ida@example.org", "--yes", capsys=capsys)
    assert said.endswith("\n  http://127.0.0.1:8001/?q=cus_1\n")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("ada@example.org", "No giver has 'ada@example.org'."),
        ("00000000-0000-0000-0000-000000000001", "No giver has"),
        ("Ida", "'Ida' is neither an e-mail address nor an id."),
    ],
)
def test_whoever_is_not_found_is_named_with_what_to_do(typed, says):
    with pytest.raises(CommandError, match=says):
        call_command("scrub_donor", typed, "--yes")


@pytest.mark.parametrize(("answer", "removed"), [("yes", True), ("Yes ", True), ("y", False), ("", False)])
def test_it_asks_first_and_only_a_yes_is_one(answer, removed, monkeypatch, capsys):
    donor = make_donor(email="ida@example.org")
    try:
        said = scrub_donor("ida@example.org", answer=answer, monkeypatch=monkeypatch, capsys=capsys)
    except CommandError as refused:
        said = str(refused)
    assert is_removed(donor) is removed
    assert ("Nothing was done." in said) is not removed


def test_where_nobody_can_be_asked_nothing_is_done(monkeypatch):
    donor = make_donor(email="ida@example.org")
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(CommandError, match=r"^Nothing was done: .* --yes"):
        call_command("scrub_donor", "ida@example.org")
    assert not is_removed(donor)


def monthly(donor, **fields):
    ours = {"frequency": "monthly", "status": "active", "anchor": NOON, "stripe_subscription": "sub_1"}
    return make_gift(donor=donor, **(ours | fields))


def test_nobody_is_removed_while_a_monthly_gift_goes_on():
    donor = make_donor(email="ida@example.org")
    gift = monthly(donor)
    with pytest.raises(CommandError) as refused:
        call_command("scrub_donor", "ida@example.org", "--yes")
    assert f"Still asks for money: {gift}. " in str(refused.value)
    assert "--stop" in str(refused.value)
    assert not is_removed(donor)


def test_one_that_has_ended_is_no_hindrance(capsys):
    donor = make_donor(email="ida@example.org")
    monthly(donor, status="ended", ended_at=NOON)
    scrub_donor("ida@example.org", "--yes", capsys=capsys)
    assert is_removed(donor)


def test_with_stop_the_monthly_gift_is_ended_at_stripe_first(client, sandbox, capsys):
    gift = give_monthly(sandbox, donor=make_donor(email="ida@example.org"))
    deliver(client, sandbox)
    gift.refresh_from_db()
    said = scrub_donor("ida@example.org", "--stop", "--yes", capsys=capsys)
    assert is_removed(gift.donor)
    assert sandbox.objects["subscription"][gift.stripe_subscription]["status"] == "canceled"
    assert Gift.objects.get(pk=gift.pk).status == "ended"
    assert gift.stripe_customer in said


def test_where_stripe_does_not_answer_nobody_is_removed(settings):
    settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = "http://127.0.0.1:9", "sk_test_1"
    donor = make_donor(email="ida@example.org")
    monthly(donor)
    with pytest.raises(CommandError, match="was not removed; run it again"):
        call_command("scrub_donor", "ida@example.org", "--stop", "--yes")
    assert not is_removed(donor)


def test_a_second_time_finds_the_row_by_its_id_alone(capsys):
    donor = make_donor(email="ida@example.org")
    scrub_donor("ida@example.org", "--yes", capsys=capsys)
    first = Donor.objects.get(pk=donor.pk).scrubbed_at
    assert "Donor removed on request: 0 gifts" in scrub_donor(str(donor.pk), "--yes", capsys=capsys)
    assert Donor.objects.get(pk=donor.pk).scrubbed_at == first
    with pytest.raises(CommandError):
        call_command("scrub_donor", "ida@example.org", "--yes")
