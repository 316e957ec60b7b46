from django.db import migrations

from articles import triggers


def note_lead_pictures(apps, schema_editor):
    """Until now a story's only picture was the one on top; from here on rows say which pictures a story has."""
    Revision, Publication = apps.get_model("articles", "Revision"), apps.get_model("articles", "Publication")
    Picture, ArticlePicture = apps.get_model("articles", "Picture"), apps.get_model("articles", "ArticlePicture")
    PublicationPicture = apps.get_model("articles", "PublicationPicture")
    known = {str(key) for key in Picture.objects.values_list("pk", flat=True)}
    drafts = Revision.objects.filter(content__isnull=False).values_list("article", "content__lead_picture").distinct()
    ArticlePicture.objects.bulk_create(
        [ArticlePicture(article_id=article, picture_id=key) for article, key in drafts if key in known],
        ignore_conflicts=True,
    )
    shown = Publication.objects.filter(lead_picture__isnull=False).values_list("pk", "lead_picture")
    PublicationPicture.objects.bulk_create(
        [PublicationPicture(publication_id=publication, picture_id=key) for publication, key in shown],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("articles", "0005_history_protects_what_it_names")]

    operations = [
        migrations.RunPython(triggers.away, triggers.away),  # SQLite's would refuse what conflicts
        migrations.RunPython(note_lead_pictures, migrations.RunPython.noop),
    ]
