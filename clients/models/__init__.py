"""What is agreed with clients: quotes, and agreements with a period."""

from .agreement import Agreement

__all__ = ["Agreement"]
