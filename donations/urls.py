from django.urls import path

from . import views, webhooks

app_name = "donations"
urlpatterns = [
    path("donate/", views.donate, name="donate"),
    path("thanks/", views.thanks, name="thanks"),
    path("campaigns/<slug:slug>/", views.campaign, name="campaign"),
    path("campaigns/<slug:slug>/bar/", views.campaign_bar, name="campaign_bar"),
    path("campaigns/<slug:slug>.json", views.campaign_json, name="campaign_json"),
    path("giving/<str:token>/", views.gift_page, name="gift_page"),
    path("stripe/webhook/", webhooks.webhook, name="webhook"),
    path("stripe/webhook", webhooks.webhook),  # a redirect would be a failed delivery
]
