"""Orders and licenses of a former shop: reading its export, line by line, and taking over what the policy allows."""
