from django.conf import settings
from django.db import models
from django.urls import reverse

from .addresses import Addressed
from .content import AddressField


class AuthorQuerySet(models.QuerySet):
    def public(self, now):
        """Authors of something that readers have seen by `now`; their pages answer for ever, others have none."""
        from .publication import Publication

        seen = Publication.objects.once_seen(now).filter(bylines__author=models.OuterRef("pk"))
        return self.filter(models.Exists(seen))

    def with_login(self, user):
        return self.filter(user=user)


class Author(Addressed):
    """Whose name stands over a story. May have a login; many (freelancers, agencies) have none."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="author",
        verbose_name="login",
        help_text="The account this person signs in with, if any. Stories with this author in the byline are theirs.",
    )
    name = models.CharField(max_length=120, help_text="As it is printed, today and on everything already published.")
    slug = AddressField(max_length=120, unique=True)
    bio = models.TextField(blank=True, help_text="Two sentences for readers, shown below every story of this author.")
    photo = models.ForeignKey("articles.Picture", models.PROTECT, null=True, blank=True, related_name="+")

    objects = AuthorQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("articles:author", args=[self.slug])
