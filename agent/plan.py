"""The plan's types stand in `tools/plan.py`; this name is for work begun before they moved."""

from tools.plan import *  # noqa: F403
