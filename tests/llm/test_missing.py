"""What a model is told that its results say nothing of: a condition they hold in another form is not among it."""

from __future__ import annotations

from agent.llm.missing import missing_in
from retrieval.query import Column, Condition, Filter, Group, Query
from tools.context import Context
from tools.query import answer

QUESTION = "Where in Europe do we find peatbog points but not a single vineyard point? Countries, 2015."
BOGS = Column("bogs", "points", (Filter("land_cover", "in", ("H12",)),))
VINES = Column("vines", "points", (Filter("land_cover", "in", ("B82",)),))


def gaps(demo: Context, *having: Condition) -> list[str]:
    where = (Filter("year", "in", (2015,)),)
    query = Query("survey", (BOGS, VINES), where, (Group("region", "country"),), having)
    return missing_in(QUESTION, [answer(query, demo)], demo)


def test_none_of_a_class_is_said_by_a_condition_of_zero(demo: Context) -> None:
    assert gaps(demo, Condition("bogs", ">", 0), Condition("vines", "=", 0)) == []
    assert gaps(demo, Condition("bogs", ">", 0), Condition("vines", ">", 0)) == ["but not a single vineyard"]
