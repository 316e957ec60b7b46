import django.db.models.deletion
from django.db import migrations, models

PROTECT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    """Only what Django knows of the tables changes: the tables have been like this since 0001."""

    dependencies = [("articles", "0004_the_opening_of_the_form")]

    operations = [
        migrations.AlterField(
            model_name="articlepicture",
            name="article",
            field=models.ForeignKey(on_delete=PROTECT, related_name="pictures", to="articles.article"),
        ),
        migrations.AlterField(
            model_name="articlepicture",
            name="picture",
            field=models.ForeignKey(on_delete=PROTECT, related_name="places", to="articles.picture"),
        ),
        migrations.AlterField(
            model_name="publicationpicture",
            name="picture",
            field=models.ForeignKey(on_delete=PROTECT, related_name="+", to="articles.picture"),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="PublicationTopic",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "publication",
                            models.ForeignKey(on_delete=PROTECT, related_name="+", to="articles.publication"),
                        ),
                        ("topic", models.ForeignKey(on_delete=PROTECT, related_name="+", to="articles.topic")),
                    ],
                    options={
                        "db_table": "articles_publication_topics",
                        "unique_together": {("publication", "topic")},
                    },
                ),
                migrations.AlterField(
                    model_name="publication",
                    name="topics",
                    field=models.ManyToManyField(
                        related_name="publications", through="articles.PublicationTopic", to="articles.topic"
                    ),
                ),
            ],
        ),
    ]
