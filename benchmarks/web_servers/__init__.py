"""The site behind other servers, in which ADR 83 is founded."""
