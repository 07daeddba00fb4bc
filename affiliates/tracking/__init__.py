"""Who follows a link."""
