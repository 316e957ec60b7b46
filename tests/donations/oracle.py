"""What Stripe's own books say of our gifts: its list of balance transactions, and nothing that we have written."""

from fractions import Fraction

from donations.models import Gift


class Oracle:
    """Figures in minor units of the campaign's currency. Of ours, only the keys of gifts are asked for."""

    def __init__(self, sandbox):
        self.objects = sandbox.objects
        self.gifts = {str(key) for key in Gift.objects.values_list("pk", flat=True)}

    def subscriptions(self):
        """Those that name a gift of ours."""
        given = self.objects["subscription"].values()
        return {one["id"]: one for one in given if one["metadata"].get("gift") in self.gifts}

    def intents(self):
        """Those that name a gift of ours, or pay an invoice of a subscription that does."""
        ours, invoices = self.subscriptions(), self.objects["invoice"]
        named = {
            one["id"] for one in self.objects["payment_intent"].values() if one["metadata"].get("gift") in self.gifts
        }
        for link in self.objects["invoice_payment"].values():
            parent = invoices[link["invoice"]]["parent"] or {}
            if (parent.get("subscription_details") or {}).get("subscription") in ours:
                named.add(link["payment"]["payment_intent"])
        return [self.objects["payment_intent"][key] for key in sorted(named)]

    def charges(self):
        paid = (one for one in self.intents() if one["status"] == "succeeded")
        return [self.objects["charge"][one["latest_charge"]] for one in paid]

    def of(self, source):
        return [row for row in self.objects["balance_transaction"].values() if row["source"] == source["id"]]

    def moved(self, source):
        """What the rows of a charge, refund or dispute moved, in its own currency."""
        exact = sum((row["amount"] / Fraction(row["exchange_rate"] or 1) for row in self.of(source)), Fraction())
        assert exact.denominator == 1
        return int(exact)

    def fee(self, source):
        """What they cost in the currency of the source, and how many cost something in another."""
        same = [row["fee"] for row in self.of(source) if row["currency"] == source["currency"]]
        return sum(same), int(any(row["fee"] for row in self.of(source) if row["currency"] != source["currency"]))

    def refunds(self, charge):
        return [one for one in self.objects["refund"].values() if one["charge"] == charge["id"]]

    def disputes(self, charge):
        return [one for one in self.objects["dispute"].values() if one["charge"] == charge["id"]]

    def received(self, charge):
        """The fee may be late, and the row with it: until then the charge itself says what came."""
        return self.moved(charge) if self.of(charge) else charge["amount"]

    def reversed(self, charge):
        """What went back, with refunds that are on their way and on no row yet."""
        on_the_way = [
            one["amount"]
            for one in self.refunds(charge)
            if one["status"] not in {"failed", "canceled"} and not self.of(one)
        ]
        taken = [self.moved(one) for one in (*self.refunds(charge), *self.disputes(charge))]
        return sum(on_the_way) - sum(taken)

    def figures(self):
        charges = self.charges()
        disputes = [dispute for charge in charges for dispute in self.disputes(charge)]
        fees, dispute_fees = [self.fee(one) for one in charges], [self.fee(one) for one in disputes]
        owing = [one for one in self.subscriptions().values() if one["status"] in {"past_due", "unpaid"}]
        latest = [self.objects["invoice"][one["latest_invoice"]] for one in owing]
        not_on_a_row = [charge for charge in charges if not self.of(charge)]
        figures = {
            "received": sum(map(self.received, charges)),
            "reversed": sum(map(self.reversed, charges)),
            "raised": sum(max(0, self.received(charge) - self.reversed(charge)) for charge in charges),
            "pending": sum(one["amount"] for one in self.intents() if one["status"] == "processing"),
            "at_risk": sum(one["amount_remaining"] for one in latest if one["status"] == "open"),
            "fees": sum(same for same, _ in fees),
            "dispute_fees": sum(same for same, _ in dispute_fees),
            "fees_unknown": len(not_on_a_row) + sum(other for _, other in (*fees, *dispute_fees)),
        }
        spent = figures["reversed"] + figures["fees"] + figures["dispute_fees"]
        return figures | {"net": figures["received"] - spent}
