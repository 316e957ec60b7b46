"""A small local stand-in for Stripe, for the demo and the tests; `server.Sandbox` is its face.

It speaks the pinned API version to the real stripe client over HTTP, keeps its own state and knows nothing of the
ledger. It starts only with DEBUG on, and nothing that runs in production imports it.

docs/sandbox.md says what it can do, and which rules are its own and not Stripe's. Whatever it does not know it refuses
with an error that says so, instead of answering something that Stripe would not.
"""
