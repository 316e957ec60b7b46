"""What the newsroom promises its readers: a page each, linked from the foot of every page."""

from dataclasses import dataclass

from django.urls import reverse


@dataclass(frozen=True)
class Policy:
    slug: str
    title: str
    summary: str

    @property
    def url(self):
        return reverse("articles:policy", args=[self.slug])

    @property
    def template(self):
        return f"articles/policies/{self.slug}.html"


POLICIES = {
    policy.slug: policy
    for policy in (
        Policy("how-we-work", "How we work", "Who decides what we publish, and who pays for it."),
        Policy("ethics", "Ethics", "What readers, sources and the people we write about can expect of us."),
        Policy("corrections", "Corrections", "How we put a mistake right, and how to tell us of one."),
        Policy("privacy", "Privacy", "What we know about you when you read, and when you give."),
    )
}
