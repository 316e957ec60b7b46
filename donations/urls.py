from django.urls import path

from . import campaign_views, showings, views, webhooks
from .giving import deed_views, linked, own_views, statement_views
from .giving import views as giving_views

app_name = "donations"
urlpatterns = [
    path("donate/", views.donate, name="donate"),
    path("donate/shown/<int:article_id>.gif", showings.appeal_shown, name="appeal_shown"),
    path("thanks/", views.thanks, name="thanks"),
    path("campaigns/<slug:slug>/", campaign_views.campaign, name="campaign"),
    path("campaigns/<slug:slug>/bar/", campaign_views.campaign_bar, name="campaign_bar"),
    path("campaigns/<slug:slug>.json", campaign_views.campaign_json, name="campaign_json"),
    path("giving/", giving_views.giving, name="giving"),
    path("giving/in/<str:token>/", giving_views.giving_open, name="giving_open"),
    path("giving/out/", giving_views.giving_out, name="giving_out"),
    path("giving/gifts/<uuid:gift_id>/name/", own_views.giving_name, name="giving_name"),
    path("giving/receipts/<int:payment_id>/", own_views.giving_receipt, name="giving_receipt"),
    path("giving/statements/<int:year>/", statement_views.giving_statement, name="giving_statement"),
    path("giving/mails/", own_views.giving_mails, name="giving_mails"),
    path("giving/data/", own_views.giving_data, name="giving_data"),
    path("giving/erase/", own_views.giving_erase, name="giving_erase"),
    path("giving/unsubscribe/<str:token>/", giving_views.giving_unsubscribe, name="giving_unsubscribe"),
    path("giving/gifts/<uuid:gift_id>/amount/", deed_views.giving_amount, name="giving_amount"),
    path("giving/gifts/<uuid:gift_id>/pause/", deed_views.giving_pause, name="giving_pause"),
    path("giving/gifts/<uuid:gift_id>/resume/", deed_views.giving_resume, name="giving_resume"),
    path("giving/gifts/<uuid:gift_id>/stop/", deed_views.giving_stop, name="giving_stop"),
    path("giving/gifts/<uuid:gift_id>/card/", deed_views.giving_card, name="giving_card"),
    path("giving/gifts/<uuid:gift_id>/card/back/", deed_views.giving_card_back, name="giving_card_back"),
    path("giving/<str:token>/", linked.gift_page, name="gift_page"),
    path("giving/<str:token>/card/", linked.gift_page_card, name="gift_page_card"),
    path("giving/<str:token>/card/back/", linked.gift_page_card_back, name="gift_page_card_back"),
    path("stripe/webhook/", webhooks.webhook, name="webhook"),
    path("stripe/webhook", webhooks.webhook),  # a redirect would be a failed delivery
]
