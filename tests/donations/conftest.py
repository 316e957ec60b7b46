"""The one stand-in: a Stripe of our own, served over HTTP to the real client; and a clock that the factories know."""

from datetime import UTC, datetime

import pytest
import stripe

from donations.sandbox.server import Sandbox


@pytest.fixture(autouse=True)
def a_day_of_the_campaigns(time_machine):
    """The factories' campaigns take gifts in 2026, whenever the tests run. The clock goes on from there."""
    time_machine.move_to(datetime(2026, 11, 10, 14, tzinfo=UTC))


@pytest.fixture
def sandbox(settings):
    """A running sandbox whose API the settings name; DEBUG is on only while it starts, for it refuses otherwise."""
    settings.DEBUG = True
    stand_in = Sandbox(secret_key="sk_test_sandbox", webhook_secret="whsec_sandbox").start()
    settings.DEBUG = False
    settings.STRIPE_API_BASE = stand_in.url
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    settings.STRIPE_WEBHOOK_SECRET = "whsec_sandbox"
    settings.STRIPE_LIVE = False
    yield stand_in
    stand_in.stop()


@pytest.fixture
def api(sandbox):
    """The real stripe client, speaking to the sandbox."""
    http = stripe.RequestsClient(timeout=(3, 8))
    client = stripe.StripeClient(
        "sk_test_sandbox", base_addresses={"api": sandbox.url}, http_client=http, max_network_retries=0
    )
    return client.v1
