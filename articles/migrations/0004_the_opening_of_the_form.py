import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("articles", "0003_pictures_in_stories")]

    operations = [
        migrations.AddField(
            model_name="autosave",
            name="opened",
            field=models.PositiveIntegerField(
                default=0, help_text="The revision it was typed over; 0 where there was none."
            ),
        ),
        migrations.AddField(
            model_name="autosave",
            name="typing",
            field=models.UUIDField(default=uuid.uuid4, help_text="The opening of the form in which it was typed."),
        ),
    ]
