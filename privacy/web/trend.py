"""How a figure compares with the period before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trend:
    """How a number compares with the period before."""

    now: int
    before: int

    @property
    def kind(self) -> str:
        return "up" if self.now > self.before else "down" if self.now < self.before else "same"

    @property
    def text(self) -> str:
        if self.now == self.before:
            return "unchanged"
        if self.before <= 0:
            return "new" if self.now > 0 else "less"
        return f"{abs(self.now - self.before) * 100 / self.before:.0f}% {'more' if self.kind == 'up' else 'less'}"


@dataclass(frozen=True)
class Figure:
    """A figure as text, the one before, and how it changed."""

    name: str
    value: str
    before: str
    trend: Trend
