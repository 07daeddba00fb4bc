from django.urls import include, path
from django.views.generic import TemplateView

from privacy.registry.purpose_binding import for_uses
from privacy.registry.purposes import Audience, Purpose

from .membership import application_views as applications
from .membership import program_views
from .payouts import proof_views as proofs
from .portal import (
    adjustments,
    campaigns,
    commissions,
    endpoints,
    events,
    exports,
    help_page,
    links,
    overview_page,
    payouts,
    statement,
    yearly,
)
from .portal import profile_pages as profile
from .tracking import views as tracking_views
from .tracking.creatives import creative_image

app_name = "affiliates"
urlpatterns = [
    path("go/<str:code>/", tracking_views.go, name="go"),
    path("go/<str:code>", tracking_views.go),
    path("go/<str:code>/<path:path>", tracking_views.go, name="go_to"),
    path("privacy/referral/", tracking_views.ReferralView.as_view(), name="referral"),
    path("privacy/referral/answer/", tracking_views.answer, name="referral_answer"),
    path("affiliates/", program_views.ProgramView.as_view(), name="program"),
    path("affiliates/terms/", program_views.TermsView.as_view(), name="terms"),
    path("affiliates/payout-proofs/", proofs.PayoutProofsPage.as_view(), name="payout_proofs"),
    path("affiliates/payout-proofs/run-<int:number>.json", proofs.published_run_json, name="published_run"),
    path("affiliates/payout-proofs/check_payouts.py", proofs.payout_checker, name="payout_checker"),
    path("affiliates/apply/", applications.ApplyView.as_view(), name="apply"),
    path("affiliates/apply/link/", applications.AskForLinkView.as_view(), name="ask_for_link"),
    path(
        "affiliates/apply/confirm/<str:token>/",
        applications.ConfirmApplicationView.as_view(),
        name="confirm_application",
    ),
    path("affiliates/applied/", TemplateView.as_view(template_name="affiliates/applied.html"), name="applied"),
    path("admin/affiliates/", include("affiliates.staff.urls")),
    path("affiliates/confirmed/", TemplateView.as_view(template_name="affiliates/confirmed.html"), name="confirmed"),
    path("affiliates/payout-address/<str:token>/", profile.StopPayoutEmailView.as_view(), name="stop_payout_email"),
    path("affiliates/portal/terms/", profile.AcceptTermsPage.as_view(), name="accept_terms"),
    path("affiliates/portal/profile/", profile.ProfilePage.as_view(), name="portal_profile"),
    path("affiliates/portal/profile/details/", profile.DetailsPage.as_view(), name="portal_details"),
    path("affiliates/portal/profile/legal/", profile.LegalDetailsPage.as_view(), name="portal_legal_details"),
    path("affiliates/portal/profile/code/", profile.CodePage.as_view(), name="portal_code"),
    path("affiliates/portal/profile/payouts/", profile.PayoutEmailPage.as_view(), name="portal_payout_email"),
    path("affiliates/portal/profile/payouts/keep/", profile.KeepPayoutEmailView.as_view(), name="portal_keep_email"),
    path("affiliates/portal/profile/mail/", profile.NotificationsPage.as_view(), name="portal_notifications"),
    path("affiliates/portal/profile/close/", profile.ClosePage.as_view(), name="portal_close"),
    path("affiliates/closed/", TemplateView.as_view(template_name="affiliates/closed.html"), name="closed"),
    path("affiliates/creatives/<uuid:pk>/", creative_image, name="creative_image"),
    path("affiliates/portal/", overview_page.OverviewPage.as_view(), name="portal"),
    path("affiliates/portal/links/", links.LinksPage.as_view(), name="portal_links"),
    path("affiliates/portal/links/qr.svg", links.QrCode.as_view(), name="portal_qr"),
    path("affiliates/portal/campaigns/", campaigns.CampaignsPage.as_view(), name="portal_campaigns"),
    path("affiliates/portal/labels/", campaigns.LabelsPage.as_view(), name="portal_labels"),
    path("affiliates/portal/labels/<uuid:pk>/archive/", campaigns.ArchiveLabelView.as_view(), name="portal_archive"),
    path("affiliates/portal/creatives/", campaigns.CreativesPage.as_view(), name="portal_creatives"),
    path("affiliates/portal/commissions/", commissions.CommissionsPage.as_view(), name="portal_commissions"),
    path("affiliates/portal/commissions/<slug:number>/", commissions.ReceiptPage.as_view(), name="portal_commission"),
    path(
        "affiliates/portal/commissions/<slug:number>/object/", commissions.ObjectionPage.as_view(), name="portal_object"
    ),
    path("affiliates/portal/objections/", commissions.ObjectionsPage.as_view(), name="portal_objections"),
    path("affiliates/portal/payouts/", payouts.PayoutsPage.as_view(), name="portal_payouts"),
    path("affiliates/portal/payouts/<uuid:pk>/", payouts.PayoutDetailPage.as_view(), name="portal_payout"),
    path("affiliates/portal/payouts/<uuid:pk>/proof.json", payouts.PayoutProof.as_view(), name="portal_payout_proof"),
    path(
        "affiliates/portal/adjustments/<slug:number>/", adjustments.AdjustmentPage.as_view(), name="portal_adjustment"
    ),
    path("affiliates/portal/statement/", statement.StatementPage.as_view(), name="portal_statement"),
    path("affiliates/portal/events/", events.EventsPage.as_view(), name="portal_events"),
    path("affiliates/portal/endpoints/", endpoints.EndpointsPage.as_view(), name="portal_endpoints"),
    path("affiliates/portal/endpoints/<uuid:pk>/", endpoints.EndpointPage.as_view(), name="portal_endpoint"),
    path("affiliates/portal/endpoints/<uuid:pk>/test/", endpoints.SendTest.as_view(), name="portal_endpoint_test"),
    path(
        "affiliates/portal/endpoints/<uuid:pk>/pause/", endpoints.PauseEndpoint.as_view(), name="portal_endpoint_pause"
    ),
    path(
        "affiliates/portal/endpoints/<uuid:pk>/resume/",
        endpoints.ResumeEndpoint.as_view(),
        name="portal_endpoint_resume",
    ),
    path(
        "affiliates/portal/endpoints/<uuid:pk>/secret/",
        endpoints.ReplaceSecret.as_view(),
        name="portal_endpoint_secret",
    ),
    path(
        "affiliates/portal/endpoints/<uuid:pk>/delete/",
        endpoints.DeleteEndpoint.as_view(),
        name="portal_endpoint_delete",
    ),
    path("affiliates/portal/endpoints/<uuid:pk>/again/", endpoints.SendDeadAgain.as_view(), name="portal_send_dead"),
    path(
        "affiliates/portal/endpoints/<uuid:pk>/events/<uuid:event_id>/again/",
        endpoints.SendAgain.as_view(),
        name="portal_send_again",
    ),
    path("affiliates/portal/help/", help_page.HelpPage.as_view(), name="portal_help"),
    path("affiliates/portal/year/", yearly.YearPage.as_view(), name="portal_year"),
    path("affiliates/portal/files/<slug:kind>.csv", exports.Export.as_view(), name="portal_export"),
]
for_uses(urlpatterns, (Purpose.AFFILIATE_ACCOUNT, Audience.PERSON), (Purpose.AFFILIATE_ACCOUNT, Audience.AFFILIATE))
