"""Campaigns: the one thing about giving that fundraisers write themselves."""

from functools import partial

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Sum
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html

from donations.admin_forms import CampaignForm
from donations.closing import state
from donations.models import Campaign
from donations.totals import payments, public_totals, totals

from . import attention, dashboard
from .at_risk import AtRiskPage
from .breaker import BreakerPages
from .course import CoursePages
from .facts import NONE, GivingAdmin, Verb


@admin.register(Campaign)
class CampaignAdmin(CoursePages, AtRiskPage, BreakerPages, GivingAdmin):
    form = CampaignForm
    actions = None
    view_on_site = False
    change_form_template = "admin/donations/campaign.html"
    list_display = ["title", "status_now", "raised", "goal_in_words", "percent", "starts", "ends"]
    list_display += ["shown_by", "figures"]
    list_filter = ["status", "currency"]
    search_fields = ["title", "slug", "appeal"]
    prepopulated_fields = {"slug": ["title"]}
    formfield_overrides = {models.TextField: {"widget": forms.Textarea(attrs={"rows": 3})}}
    fieldsets = [
        ("The appeal", {"fields": ["title", "slug", "appeal", "status"]}),
        ("When", {"fields": ["starts", "ends", "timezone", "follows"]}),
        ("Money", {"fields": ["currency", "goal", "minimum", "suggested_once", "suggested_monthly"]}),
    ]
    verbs = (Verb("default", "Make it the default", "change_campaign"),)

    def has_delete_permission(self, request, obj=None):
        return False

    def get_prepopulated_fields(self, request, obj=None):
        return self.prepopulated_fields if obj is None else {}

    def get_urls(self):
        attention = self.admin_site.admin_view(self.attention_view)
        return [
            path("needs-attention/", attention, name="donations_attention"),
            *self.at_risk_urls(),
            *self.course_urls(),
            *self.breaker_urls(),
            *super().get_urls(),
        ]

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """What is typed is judged while all campaigns are held: nobody moves a chain of them or the default meanwhile.

        What a gift or a report refuses that came while it was saved, the form refuses when it is asked again.
        """
        page = partial(super().changeform_view, request, object_id, form_url, extra_context)
        if request.method != "POST":
            return page()
        try:
            return while_held(page)
        except ValidationError:
            return while_held(page)

    def save_model(self, request, campaign, form, change):
        """Other days may be a slip of the finger, so what they changed is said."""
        before = counted(Campaign.objects.get(pk=campaign.pk)) if change else None
        super().save_model(request, campaign, form, change)
        after = counted(campaign)
        if change and before != after:
            self.message_user(request, moved(campaign, before, after), messages.WARNING)

    @admin.display(description="status", ordering="status")
    def status_now(self, campaign):
        return campaign.status_at(timezone.now()).label

    @admin.display(description="raised")
    def raised(self, campaign):
        return campaign.money(self.sums(campaign).raised, trim=False)

    @admin.display(description="goal", ordering="goal")
    def goal_in_words(self, campaign):
        return campaign.money(campaign.goal) if campaign.goal else "None"

    @admin.display(description="of the goal")
    def percent(self, campaign):
        share = self.sums(campaign).percent
        return NONE if share is None else f"{share} %"

    @admin.display(description="shown by")
    def shown_by(self, campaign):
        asks = campaign.is_default and not campaign.is_over(timezone.now())
        return "Every appeal" if asks else "Its own page"

    @admin.display(description="figures")
    def figures(self, campaign):
        url = self.url_of("figures", campaign.pk)
        return format_html('<a href="{}">Figures<span class="visually-hidden"> of {}</span></a>', url, campaign)

    def beside(self, row, user):
        """Where the campaign stands between draft and final report."""
        now = timezone.now()
        return super().beside(row, user) | {"state": state(row, totals(row, now), now)}

    def sums(self, campaign):
        """The sums of a row, counted once for all its columns."""
        if not hasattr(campaign, "_sums"):
            campaign._sums = public_totals(campaign)
        return campaign._sums

    def attention_view(self, request):
        if not dashboard.is_for(request.user):
            raise PermissionDenied
        troubles = attention.troubles(timezone.now())
        return self.page(request, "attention.html", title="Needs attention", troubles=troubles)

    def refusal(self, verb, campaign, user):
        if campaign.is_default:
            return f"“{campaign}” is the default already."
        if campaign.status_at(timezone.now()) != Campaign.Status.LIVE:
            return "Only a live campaign can be the default: appeals need one that takes gifts. Set it live first."
        return ""

    def default_view(self, request, object_id):
        campaign, refused = self.row_for(request, "default", object_id)
        if refused:
            return self.back_to(campaign, request, refused, "error")
        if request.method != "POST":
            words = [f"Every appeal that names no other campaign will ask for “{campaign}” from now on."]
            return self.ask(request, campaign, "default", words)
        with transaction.atomic():
            Campaign.objects.make_default(campaign)
            self.log_change(request, campaign, "Made it the default campaign.")
        return self.back_to(campaign, request, f"“{campaign}” is now the default.")


def while_held(page):
    with transaction.atomic():
        Campaign.objects.hold()
        return page()


def counted(campaign):
    """How many payments count in a campaign, and what they brought before anything went back."""
    came = payments(campaign, settings.STRIPE_LIVE).succeeded()
    return came.count(), came.aggregate(sum=Sum("amount", default=0))["sum"]


def moved(campaign, before, after):
    """What a change of a campaign's days made of its payments, in two sentences."""
    had, has = (in_words(campaign, *sums) for sums in (before, after))
    return f"“{campaign}” now counts {has}; before this change it was {had}. If you did not mean that, change it back."


def in_words(campaign, number, brought):
    return f"{number} payment{'' if number == 1 else 's'} of {campaign.money(brought)}"
