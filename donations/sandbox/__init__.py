"""A small local stand-in for Stripe, for the demo and the tests; `server.Sandbox` is its face.

It speaks the pinned API version to the real stripe client over HTTP, keeps its own state and knows nothing of the
ledger. It starts only with DEBUG on, and nothing that runs in production imports it.
"""
