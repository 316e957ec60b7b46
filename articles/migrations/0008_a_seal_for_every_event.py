import hashlib
import json
from datetime import UTC

from django.db import migrations

from articles import triggers

NOT_SEALED = {"comment", "reason", "note", "public_note", "says", "title", "blanked", "seal"}


def seal_every_event(apps, schema_editor):
    """The first events had no seal, so that a story without any could be an old one or one that somebody stripped."""
    Event = apps.get_model("articles", "Event")
    for story in apps.get_model("articles", "Article").objects.values_list("pk", flat=True).iterator():
        events = Event.objects.filter(article=story).order_by("number")
        Event.objects.bulk_update(list(sealed(events)), ["data"], batch_size=100)


def sealed(events):
    """Those of a story's events that get a seal, or another one because some before them get theirs.

    What is not as it was recorded keeps the seal that tells so.
    """
    had = has = ""  # by the event before: until now, and from now on
    for event in events:
        told = event.data if isinstance(event.data, dict) else {"seal": None}
        seal = told.get("seal", "")
        if seal not in ("", seal_after(event, told, had)):
            had = has = seal or ""
            continue
        had, has = seal, seal_after(event, told, has)
        if seal != has:
            event.data["seal"] = has
            yield event


def seal_after(event, told, seal):
    told = {name: value for name, value in told.items() if name not in NOT_SEALED}
    at = event.at.astimezone(UTC).isoformat()
    row = [seal, event.article_id, event.number, event.verb, event.actor_id, at, told]
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()


class Migration(migrations.Migration):
    dependencies = [("articles", "0007_what_mails_tell_of")]

    operations = [
        migrations.RunPython(triggers.away, triggers.away),  # they let nobody add to an event
        migrations.RunPython(seal_every_event, migrations.RunPython.noop),
    ]
