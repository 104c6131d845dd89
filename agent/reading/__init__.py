"""Questions read whole: mentions with spans, a chart of constraints, and the typed queries they come to."""

from __future__ import annotations

from agent.reading.read import Reading, read

__all__ = ["Reading", "read"]
