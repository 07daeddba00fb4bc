"""The sweep of the live stores."""
