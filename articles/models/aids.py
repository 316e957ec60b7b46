"""What is made from a version's words: made again at will, signed by nobody."""

from django.db import models
from django.utils.html import strip_tags

from articles.figures import pictures_of

from .pictures import Picture

WORDS_PER_MINUTE = 220


class PublicationPicture(models.Model):
    """A picture that a version shows, on top or in its body: made again at will from the signed words."""

    publication = models.ForeignKey("articles.Publication", models.CASCADE, related_name="pictures")
    picture = models.ForeignKey("articles.Picture", models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["publication", "picture"], name="publication_picture_once"),
        ]

    def __str__(self):
        return f"{self.picture} in {self.publication}"

    @classmethod
    def build(cls, publication):
        """Note anew what the words of `publication` name. Keys of no picture are passed over."""
        words = {"lead_picture": publication.lead_picture_id, "body": publication.body}
        named = Picture.objects.filter(pk__in=pictures_of(words))
        cls.objects.filter(publication=publication).delete()
        cls.objects.bulk_create(cls(publication=publication, picture=picture) for picture in named)


def _words_of(body):
    return strip_tags(body.replace("</", " </")).split()


def reading_minutes(body):
    """Reading time of sanitised HTML in minutes, at least one."""
    return max(1, round(len(_words_of(body)) / WORDS_PER_MINUTE))


class ReadingAid(models.Model):
    """What can be counted from a version's words: made again at will, signed by nobody."""

    publication = models.OneToOneField("articles.Publication", models.CASCADE, primary_key=True, related_name="aid")
    minutes = models.PositiveSmallIntegerField(help_text="Reading time in minutes, at least one.")
    text = models.TextField(help_text="All words without markup, for the search.")

    def __str__(self):
        return f"{self.minutes} min"

    @classmethod
    def build(cls, publication):
        words = f"{publication.headline} {publication.standfirst}".split() + _words_of(publication.body)
        text, minutes = " ".join(words), reading_minutes(publication.body)
        return cls.objects.update_or_create(publication=publication, defaults={"minutes": minutes, "text": text})[0]
