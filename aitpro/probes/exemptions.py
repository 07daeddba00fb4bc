"""Ways in that the rehearsal does not go, or that no word of anybody's comes in by, and why."""

from privacy.evidence.rehearsal.entry_points import without_probe

without_probe(
    "column accounts_authenticator.key",
    "column accounts_recoverycode.code_digest",
    "column affiliates_endpoint.previous_secret",
    "column affiliates_endpoint.secret",
    "column shop_license.key",
    because="The site draws it at random; nobody's words get into it. It is a secret, and sought at every door.",
)
without_probe(
    "column accounts_user.password",
    "column affiliates_affiliatecode.code",
    "column affiliates_affiliatecode.look",
    "column affiliates_movedaffiliate.source_id",
    "column affiliates_oldlink.value",
    "column affiliates_click.cookie_digest",
    "column contacts_incomingmail.content_digest",
    "column keystore_optoutcopy.fingerprint",
    "column keystore_tombstone.fingerprint",
    "column policy_policynotice.fingerprint",
    "column privacy_privacyrequest.fingerprint",
    "column privacy_suppression.address_fingerprint",
    "column privacy_suppression.fingerprint",
    "column privacy_suppression.phone_fingerprint",
    "column privacy_undeliverableaddress.fingerprint",
    because="It holds a keyed digest. What it was made of is sought in clear in every column, this one too.",
)
without_probe(
    "column accounts_session.browser",
    because="Of what a browser says of itself, it holds the names of a browser and of a system that the site knows.",
)
without_probe(
    "column affiliates_endpointdelivery.body",
    because="The site writes it, of numbers, amounts and days; nobody's words get into it.",
)
without_probe(
    "column contacts_inquiry.budget",
    because="It holds one of four choices.",
)
without_probe(
    "column shop_order.former_shop",
    because="It holds the name of one of three programs, which the import command knows.",
)
without_probe(
    "field contacts.admin.forms.BulkAssignForm.colleague",
    "field contacts.admin.forms.ConversationForm.merge_into",
    "field contacts.admin.forms.ConversationForm.saved_reply",
    "field clients.admin.quote_forms.QuoteForm.service",
    "field privacy.admin.request_forms.StaffDeletionForm.license",
    "field privacy.admin.request_forms.StaffDeletionForm.mail_report",
    "field shop.admin.refund_form.RefundForm.license",
    because="Staff choose among what the page offers; nobody's words get in by it.",
)
without_probe(
    "field accounts.reauthentication.ReauthenticationForm.code",
    "field accounts.reauthentication.ReauthenticationForm.password",
    because="It is asked for when 15 minutes have passed since the sign-in. A rehearsal is quicker.",
)
without_probe(
    "address admin/contacts/inquiry/<path:object_id>/history/",
    because="The site's own page of that address comes first.",
)
without_probe(
    "column accounts_session.data",
    because="It holds who is signed in, and what the site tells them next.",
)
# What a probe could reach, and none does: the list is to become shorter.
without_probe(
    "address <slug:slug>/",
    "address admin/people/<str:kind>/<uuid:row_id>/<str:section>/",
    "address accounts/security/sessions/<uuid:session_id>/end/",
    "address admin/affiliates/flag/<uuid:row_id>/decide/",
    "address admin/contacts/incomingmail/<uuid:row_id>/no-request/",
    "address admin/contacts/incomingmail/<uuid:row_id>/open-request/",
    "address admin/affiliates/payoutrun/<uuid:run_id>/payouts.csv",
    "address admin/affiliates/payoutitem/<uuid:item_id>/take-back/",
    "address admin/contacts/incomingmail/<uuid:row_id>/again/",
    "address admin/contacts/incomingmail/<uuid:row_id>/begin/",
    "address admin/contacts/incomingmail/<uuid:row_id>/file/",
    "address admin/contacts/incomingmail/<uuid:row_id>/spam/",
    "field contacts.admin.forms.ConversationForm.snooze",
    "field contacts.admin.incoming_mail.ThreadForm.reference",
    "address admin/policy/policynotice/<uuid:row_id>/step/<slug:action>/",
    "address admin/shop/refundrequest/<uuid:row_id>/refund/",
    "address admin/shop/shopterms/<uuid:row_id>/publish/",
    "address admin/shop/shopterms/<uuid:row_id>/revise/",
    "address admin/shop/payment/reconciliation/set-aside/<uuid:event_id>/",
    "address affiliates/creatives/<uuid:pk>/",
    "address checkout/cancelled/",
    "address orders/<str:link_token>/pay/",
    "address privacy/choices/<str:token>/stop/<str:purpose>/",
    "column accounts_linkrequest.email",
    "column shop_orderlinksrequest.email",
    "column affiliates_affiliate.state_reason",
    "column affiliates_application.decision",
    "column affiliates_objection.answer",
    "column affiliates_flag.reason",
    "column affiliates_ledgerentry.reason",
    "column affiliates_payoutemailchange.email",
    "column affiliates_payoutitem.failure",
    "column affiliates_payoutitem.receiver",
    "column affiliates_payoutitem.reference",
    "column privacy_privacyrequest.phone",
    "column shop_order.phone",
    "field affiliates.admin.applications.DeclineForm.reason",
    "field affiliates.admin.flags.DecisionForm.decision",
    "field affiliates.admin.flags.DecisionForm.reason",
    "field affiliates.admin.terms.ProgramTermsForm.effective_from",
    "field affiliates.membership.profile_forms.AcceptForm.accept",
    "field affiliates.membership.profile_forms.AcceptForm.version",
    "field shop.admin.terms.PublishForm.effective_from",
    "field privacy.admin.request_forms.RequestAnswerForm.ground",
    "field privacy.admin.request_forms.ExtendForm.reason",
    "field privacy.admin.request_forms.RefuseForm.ground",
    "field privacy.admin.request_forms.RefuseForm.text",
    "field privacy.requests.forms.CorrectionForm.message",
    because="No probe goes there yet.",
)
