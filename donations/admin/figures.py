"""What each figure of a campaign means, in a sentence for the person who answers for it."""

from dataclasses import dataclass

from donations.closing import reported
from donations.sheets import Sheet, money

from .facts import Table


@dataclass(frozen=True)
class Figure:
    name: str
    label: str
    meaning: str
    value: str


MEANINGS = (
    (
        "What readers see",
        (
            ("raised", "Raised", "What came in for this campaign, less what went back."),
            ("supporters", "Supporters", "Different people of whose gifts something has stayed."),
            ("pending", "Pending", "Bank debits on their way; they count once they have arrived."),
        ),
    ),
    (
        "What is left",
        (
            ("received", "Received", "Every payment that succeeded within the campaign's dates."),
            ("reversed", "Reversed", "Refunds, and what banks took back through disputes."),
            ("fees", "Stripe's fees", "What Stripe kept of the payments received, as far as it has said so."),
            ("dispute_fees", "Dispute fees", "What Stripe charged for disputes, whoever won them."),
            ("net", "Net", "Received, less what was reversed, Stripe's fees and dispute fees."),
        ),
    ),
    (
        "What may come",
        (
            ("promised", "Promised", "Cheques, transfers and cash that a second person has still to confirm."),
            ("run_rate", "Run rate", "What the active monthly gifts bring in every month."),
            ("projected", "Projected", "Raised, and every charge of active monthly gifts until the last day."),
            ("at_risk", "At risk", "Monthly gifts whose last charge failed: what is open, and their later charges."),
            ("on_track", "On track", "What would be raised by now if the goal came in evenly, day by day."),
        ),
    ),
)
COUNTED = ("supporters",)  # people, not money
NO_VALUE = {
    "projected": "The campaign has no end",
    "on_track": "Needs a goal and a last day",
}


def figures(campaign, totals):
    """The figures in three groups, each with its meaning: [(title, [Figure, …]), …]."""
    return [
        (title, [Figure(name, label, meaning, in_words(campaign, totals, name)) for name, label, meaning in group])
        for title, group in MEANINGS
    ]


def in_report(campaign, report, totals):
    """Each figure as the final report has it, beside that of now."""
    frozen = reported(report)
    rows = [
        [label, in_words(campaign, frozen, name), in_words(campaign, totals, name)]
        for _, group in MEANINGS
        for name, label, _ in group
    ]
    return Table(f"Final report of {campaign.day(report.made_at)}", ("Figure", "In the report", "Now"), rows)


def in_words(campaign, totals, name):
    value = getattr(totals, name)
    if value is None:
        return NO_VALUE[name]
    return f"{value:,}" if name in COUNTED else campaign.money(value, trim=False)


def figures_sheet(campaign, totals):
    """The figures to take home: what the page tells in words, as numbers beside their meaning."""
    rows = [
        ["Campaign", campaign.title, ""],
        ["Currency", campaign.currency, "Of every amount."],
        ["Goal", money(totals.goal, campaign), "What the campaign asks for."],
        ["Percent", totals.percent, "Of the goal, rounded down."],
    ]
    for name, label, meaning in (figure for _, group in MEANINGS for figure in group):
        value = getattr(totals, name)
        rows.append([label, value if name in COUNTED else money(value, campaign), meaning])
    rows.append(
        ["Fees unknown", totals.fees_unknown, "Fees that Stripe has not told yet; net will be a little lower."]
    )
    rows.append(["Active monthly gifts", totals.active, "Charged every month as they should be."])
    return Sheet("figures", "Figures", ("Figure", "Value", "Meaning"), rows)


def pace(campaign, totals, now):
    """How far the campaign is from an even pace, in words; empty where it has none, or is over."""
    if totals.on_track is None or campaign.days_are_over(now):
        return ""
    ahead = totals.raised - totals.on_track
    if not ahead:
        return "Exactly on an even pace to the goal."
    amount = campaign.money(abs(ahead), trim=False)
    return f"{amount} {'ahead of' if ahead > 0 else 'behind'} an even pace to the goal."
