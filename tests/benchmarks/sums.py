"""The public figures of a campaign with a million payments: counted, and kept. Run by `make bench`.

It fills a database of its own beside the one that DATABASE_URL names, and drops it. Ends with 1 where reading the
figures takes 5 ms or more, or where they are not what the rows say.
"""

import os
import sys
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")
django.setup()

from django.conf import settings  # noqa: E402 - the settings come first
from django.db import connection  # noqa: E402

from donations.tallies import differences, recount  # noqa: E402
from donations.totals import counted, public_totals  # noqa: E402
from tests.donations import factories  # noqa: E402

PAYMENTS = int(os.environ.get("BENCH_PAYMENTS", "1000000"))
GIFTS, DONORS = PAYMENTS // 2, PAYMENTS // 3
FIRST = 10_000_000  # the keys of what is copied; the factories' stay below
LIMIT = 0.005  # seconds

# What the two databases say differently: a key made of a number, and a moment and a day of 2026 made of one.
WORDS = {
    "sqlite": {
        "uuid": "printf('%032x', {0} + 1)",
        "moment": "strftime('%Y-%m-%d %H:%M:%S', '2026-01-02', '+' || ({0} % 520000) || ' minutes')",
        "day": "date('2026-01-02', '+' || {0} || ' days')",
    },
    "postgresql": {
        "uuid": "lpad(to_hex({0} + 1), 32, '0')::uuid",
        "moment": "timestamptz '2026-01-02 00:00+00' + ({0} % 520000) * interval '1 minute'",
        "day": "date '2026-01-02' + {0}",
    },
}


def main():
    campaign = fill()
    recounting = timed(lambda: recount(campaign), times=1)
    rows = timed(lambda: counted(campaign, False), times=3)
    tally = timed(lambda: public_totals(campaign), times=50)
    gifts = iter([factories.make_gift(campaign=campaign, status="given") for _ in range(51)])
    booking = timed(lambda: factories.make_payment(gift=next(gifts)), times=50)

    print(f"{connection.vendor}: {PAYMENTS:,} payments, {GIFTS:,} gifts, {DONORS:,} donors")
    print(f"  public figures: rows counted {in_ms(rows)}, kept {in_ms(tally)}; {rows / tally:,.0f} times as fast")
    print(f"  one more payment and its sums {in_ms(booking)}, all counted anew {in_ms(recounting)}")
    wrong = differences(campaign)
    print("\n".join(wrong) or "  every kept sum is what the rows say", flush=True)
    return bool(wrong) or tally >= LIMIT


def timed(act, *, times):
    """The median of so many runs, in seconds; where there are several, one before them warms up."""
    seconds = []
    for _ in range(times + (times > 1)):
        start = perf_counter()
        act()
        seconds.append(perf_counter() - start)
    return median(seconds[1:] or seconds)


def in_ms(seconds):
    return f"{seconds * 1000:,.2f} ms"


# --- A million rows ----------------------------------------------------------------------------------------------


def fill():
    """One campaign; every 50th payment was refunded in part, every 1,000th disputed."""
    words = WORDS[connection.vendor]

    def uuid(number):
        return words["uuid"].format(f"({number})")

    campaign, donor = factories.make_campaign(), factories.make_donor()
    gift = factories.make_gift(campaign=campaign, donor=donor, status="given", changed_at=factories.NOON)
    payment = factories.make_payment(gift=gift)
    refund, dispute = (make(payment=payment, amount=100) for make in (factories.make_refund, factories.make_dispute))
    copy(donor, DONORS, id=uuid("i"), email="'donor' || i || '@example.org'")
    copy(gift, GIFTS, id=uuid("i"), donor_id=uuid(f"i % {DONORS}"))
    given_at = words["moment"].format("i")
    copy(
        payment, PAYMENTS, id=f"{FIRST} + i", remote_id="'pi_b' || i", gift_id=uuid(f"i % {GIFTS}"), given_at=given_at
    )
    copy(refund, PAYMENTS // 50, id=f"{FIRST} + i", remote_id="'re_b' || i", payment_id=f"{FIRST} + i * 50")
    copy(dispute, PAYMENTS // 1000, id=f"{FIRST} + i", remote_id="'du_b' || i", payment_id=f"{FIRST} + i * 1000")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return campaign


def copy(row, times, **new):
    """Copies a row in SQL; `new` says in SQL which columns differ, `i` being the number of the copy from 0."""
    quote, table = connection.ops.quote_name, row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields]
    values = [new.get(column, f"pattern.{quote(column)}").replace("%", "%%") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(table)} ({', '.join(map(quote, columns))})"
            f" WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {times - 1})"
            f" SELECT {', '.join(values)} FROM n, {quote(table)} pattern WHERE pattern.id = %s",
            [row._meta.pk.get_db_prep_value(row.pk, connection)],
        )


def in_a_database_of_its_own(work):
    """What `work` returns; its database is made before, and dropped."""
    settings.DEBUG = False  # which remembers every query
    with TemporaryDirectory() as folder:
        if connection.vendor == "sqlite":
            settings.DATABASES["default"]["TEST"]["NAME"] = os.path.join(folder, "bench.sqlite3")
        else:
            settings.DATABASES["default"]["TEST"]["NAME"] = f"bench_{os.getpid()}"
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            return work()
        finally:
            connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


if __name__ == "__main__":
    sys.exit(int(in_a_database_of_its_own(main)))
