"""The readable columns of this app."""

from privacy.registry.clear_text import DIGEST, FOR_ANYBODY, OWN_NUMBER, PROGRAM, PUBLIC, clear_text

clear_text(
    DIGEST,
    "contacts_document.link_digest contacts_mailbox.address_digest contacts_seenmessage.keyed_digest",
)
clear_text(OWN_NUMBER, "contacts_inquiry.reference")
clear_text(PROGRAM, "contacts_document.content_type contacts_attachment.content_type contacts_incomingmail.reason")
clear_text(PROGRAM, "contacts_incomingmail.about_model")
clear_text(FOR_ANYBODY, "contacts_savedreply.title contacts_savedreply.body")
clear_text(
    PUBLIC,
    "contacts_service.slug contacts_service.name contacts_service.icon contacts_service.summary"
    " contacts_service.commitment contacts_service.text",
)
