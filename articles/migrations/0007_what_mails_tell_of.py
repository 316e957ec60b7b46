from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0006_pictures_of_earlier_stories"),
    ]

    operations = [
        migrations.AlterField(
            model_name="mailswitch",
            name="kind",
            field=models.CharField(
                choices=[
                    ("submitted", "A story waits for review"),
                    ("changes_requested", "Changes were requested"),
                    ("approved", "A story was approved"),
                    ("published", "A story was published"),
                    ("schedule", "The schedule is late or fails, or an embargo takes a story off it"),
                    ("emergency", "A story went out without review"),
                    ("retraction", "A retraction was proposed or confirmed"),
                    ("takedown", "A story was taken down"),
                    ("blanking", "Words of the history are to be blanked, or were"),
                    ("to_sign", "Your signature is asked for"),
                    ("assigned", "A story was assigned to you"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="staffmail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("submitted", "A story waits for review"),
                    ("changes_requested", "Changes were requested"),
                    ("approved", "A story was approved"),
                    ("published", "A story was published"),
                    ("schedule", "The schedule is late or fails, or an embargo takes a story off it"),
                    ("emergency", "A story went out without review"),
                    ("retraction", "A retraction was proposed or confirmed"),
                    ("takedown", "A story was taken down"),
                    ("blanking", "Words of the history are to be blanked, or were"),
                    ("to_sign", "Your signature is asked for"),
                    ("assigned", "A story was assigned to you"),
                ],
                max_length=20,
            ),
        ),
    ]
