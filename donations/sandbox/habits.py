"""How this account is set: what a newsroom chooses in Stripe's dashboard, and Stripe at its least helpful."""

from dataclasses import asdict, dataclass, field, fields

CHOICES = {
    "captures": ("soon", "late", "never"),
    "retries_end": ("past_due", "unpaid", "cancel"),
    "endpoints": ("all", "needed"),
    "missing": (404, 403),
}


@dataclass
class Habits:
    """Each may be set at any time and holds for what happens from then on; a value that is not known is refused."""

    # Money. `rate` is the price of one unit of a payment's currency in the one that the balance is kept in.
    settles_in: str = ""  # a currency such as "eur"; empty: every payment in its own
    rate: str = "1"
    captures: str = "soon"  # when the fee of a charge shows: at once, after two days, or never
    dispute_fee_returned: bool = False  # with a dispute that is won
    debits_book_early: bool = False  # a bank debit moves the balance while it is pending, and back if it fails

    # Monthly gifts
    retries_end: str = "past_due"  # what a subscription becomes when the last retry has failed
    uncollectible: bool = False  # and whether its invoice is marked so

    # The webhook endpoint
    thin: bool = False  # notifications with ids only, in place of whole objects
    enabled_events: list = field(default_factory=lambda: ["*"])
    endpoint_version: str = ""  # empty: the pinned one
    endpoint_is_on: bool = True
    switch_off_after: int = 0  # failed deliveries in a row; 0: never

    # The API
    expands: bool = True  # off: `expand` is ignored and ids arrive
    endpoints: str = "all"  # "needed": those without which no gift is booked, and no others
    missing: int = 404  # the answer for the others
    unknown_fields: bool = False  # what a later version may add to every object

    def __setattr__(self, name, value):
        if name not in self.__dataclass_fields__:
            raise AttributeError(f"An account has no habit {name}; there are {', '.join(self.__dataclass_fields__)}.")
        if name in CHOICES and value not in CHOICES[name]:
            known = ", ".join(map(str, CHOICES[name]))
            raise ValueError(f"{name} cannot be {value!r}; choose one of {known}.")
        super().__setattr__(name, value)

    def saved(self):
        return asdict(self)

    @classmethod
    def loaded(cls, state):
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in state.items() if name in known})
