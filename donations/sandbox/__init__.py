"""A small local stand-in for Stripe, for the demo and the tests; `server.Sandbox` is its face.

It speaks the pinned API version to the real stripe client over HTTP, keeps its own state and knows nothing of the
ledger. It starts only with DEBUG on, and nothing that runs in production imports it.

What is a rule of its own and not Stripe's: the card ending in 0341 pays once and then declines every renewal; a bank
debit ends as it was chosen on the payment page, after less than a minute; every charge costs 2.9 % and 30 minor units,
a bank debit too; prices renew by the month or the year; "next month" charges now, whatever the date is, and moves the
period on; the amount of a subscription changes without proration only. Whatever it does not know it refuses with an
error that says so, instead of answering something that Stripe would not.
"""
