from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

# First names of our own addresses: a section so named would never be reached. A test compares them with the routes.
RESERVED_NAMES = frozenset(
    "about admin authors campaigns corrections donate feed giving healthz media preview readyz robots.txt search"
    " sitemap-news.xml sitemap.xml static stripe thanks topics versions favicon.ico".split()
)


def not_reserved(slug):
    if slug.lower() in RESERVED_NAMES:
        raise ValidationError(f"“{slug}” is an address of the site itself. Choose another one, such as “{slug}-news”.")


class Section(models.Model):
    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True, allow_unicode=True, validators=[not_reserved])
    description = models.CharField(max_length=300, blank=True, help_text="One sentence for the top of its page.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in the site's navigation, lowest first.")

    class Meta:
        ordering = ["position", "name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("articles:section", args=[self.slug])


class TopicQuerySet(models.QuerySet):
    def public(self, now):
        """Topics of something that readers have seen by `now`: their pages answer for ever, an unborn one has none."""
        from .publication import Publication

        carriers = Publication.objects.once_seen(now).filter(topics=models.OuterRef("pk"))
        return self.filter(models.Exists(carriers))


class Topic(models.Model):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True, allow_unicode=True)
    description = models.CharField(max_length=300, blank=True)

    objects = TopicQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("articles:topic", args=[self.slug])
