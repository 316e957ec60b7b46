from django.db import migrations, models
from django.db.models import Q


def mark_what_a_comparison_found(apps, schema_editor):
    """It was told by a reason of its own where it was booked, and by the type or the id where no event was at all."""
    events = apps.get_model("donations", "WebhookEvent").objects
    told = "No delivery brought it: reconcile_stripe found it."
    ours = Q(type__contains="reconcile_stripe") | Q(event_id__endswith="reconcile_stripe")
    events.filter(ours | Q(reason=told)).update(undelivered=True)
    events.filter(reason=told).update(reason="")


class Migration(migrations.Migration):
    dependencies = [
        ("donations", "0010_what_a_look_could_not_see"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhookevent",
            name="undelivered",
            field=models.BooleanField(
                default=False, help_text="No delivery brought it: a comparison found it, maybe days later."
            ),
        ),
        migrations.RunPython(mark_what_a_comparison_found, migrations.RunPython.noop),
    ]
