"""A small world the page can be tried on: a few points and regions whose answers can be checked by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

import shapely

from agent.answer import Answer, Step
from page.asking import OnStep, World
from retrieval.errors import UnknownRegion
from retrieval.nomenclature import Nomenclature
from retrieval.types import Dataset, Region, Table
from tools.result import Provenance, Result

HERAULT = Region(
    "nuts:FRJ13",
    "Hérault",
    "nuts3",
    "FR",
    "nuts:FRJ1",
    (2.5, 43.2, 4.2, 44.0),
    6224.0,
    "nuts_2016",
    "2016",
    "EuroGeographics",
)
BAVARIA = Region(
    "nuts:DE2",
    "Bayern",
    "nuts1",
    "DE",
    "country:DE",
    (9.0, 47.3, 13.9, 50.6),
    70550.0,
    "nuts_2016",
    "2016",
    "EuroGeographics",
)
BOXES = {"nuts:FRJ13": (2.6, 43.3, 4.1, 43.9), "nuts:DE2": (9.0, 47.3, 13.8, 50.5)}


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


class SmallGazetteer:
    def region(self, id: str, language: str = "en") -> Region:
        known = {r.id: r for r in (HERAULT, BAVARIA)}
        if id not in known:
            raise UnknownRegion(id)
        return known[id]

    def find(self, name: str, language: str = "en") -> list[Region]:
        return [r for r in (HERAULT, BAVARIA) if name in (r.name, r.id)]

    def resolve(self, name: str, language: str = "en", country: str | None = None) -> Region:
        found = self.find(name)
        if not found:
            raise UnknownRegion(name, ["Hérault"])
        return found[0]

    def containing(self, identifier: str, level: str) -> Region | None:
        return None

    def members(self, identifier: str) -> tuple[str, ...]:
        return (identifier,)

    def outline(self, id: str) -> Any:
        return shapely.geometry.shape(box(*BOXES[id]))

    def geojson(self, ids: Sequence[str], simplify_deg: float = 0.0) -> dict[str, Any]:
        features = [
            {"type": "Feature", "id": id, "properties": {"id": id}, "geometry": box(*BOXES[id])}
            for id in ids
            if id in BOXES
        ]
        return {"type": "FeatureCollection", "features": features}


class SmallStore:
    def years(self) -> tuple[int, ...]:
        return (2015, 2018)

    def datasets(self) -> tuple[Dataset, ...]:
        def one(id: str, title: str, licence: str, years: tuple[int, ...], kind: str) -> Dataset:
            return Dataset(id, title, "1", licence, title, "0" * 64, 9, years, None, False, kind)

        return (
            one("small_survey", "Small survey", "CC0", (2015, 2018), "survey"),
            one("small_shares", "Small shares", "CC BY 4.0", (2009, 2012, 2015, 2018, 2022), "statistics"),
        )

    def query(self, name: str, locations: Sequence[str], years: Sequence[int]) -> Table:
        """What is recorded at some pixels, and their colour: of the one called "seen" alone."""
        assert name == "pixels_looks"
        columns = ("location", "year", "land_cover", "red", "green", "blue")
        rows = zip(locations, years, strict=True)
        return Table(columns, [(at, year, "B82", 900.0, 700.0, 500.0) for at, year in rows if at == "seen"])


@dataclass(frozen=True)
class SmallContext:
    store: SmallStore
    gazetteer: SmallGazetteer
    nomenclature: Nomenclature
    areas: Mapping[str, Any]
    language: str = "en"
    encoder: str = "landask-pixels"
    encoders: Mapping[str, Any] = field(default_factory=dict)

    def named(self, identifier: str) -> Region:
        return self.gazetteer.region(identifier, self.language)

    def in_language(self, language: str) -> SmallContext:
        return replace(self, language=language)


POINTS = [
    ("38362246", 2018, "B82", 3.20, 43.50),
    ("38402250", 2018, "B82", 3.40, 43.60),
    ("38442254", 2018, "B82", 3.70, 43.55),
    ("38482258", 2018, "B81", 3.90, 43.75),
]


def points_result() -> Result:
    columns = ("point_id", "year", "land_cover", "land_cover_name", "lon", "lat")
    names = {"B82": "Vineyards", "B81": "Olive groves"}
    rows = tuple((i, y, c, names[c], lon, lat) for i, y, c, lon, lat in POINTS)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": {"point_id": i, "year": y, "land_cover": c, "land_cover_name": names[c]},
        }
        for i, y, c, _, lon, lat in ((i, y, c, None, lon, lat) for i, y, c, lon, lat in POINTS)
    ]
    return Result(
        tool="find_points",
        arguments={"regions": ["nuts:FRJ13"], "land_cover": ["B80"], "years": [2018]},
        provenance=Provenance(
            "small_survey", "1", "CC0", "SELECT 1", {"year": 2018}, 4, False, None, "0" * 64, "landask tests"
        ),
        regions=(HERAULT,),
        land_cover=("B82", "B81"),
        years=(2018,),
        value=4,
        unit="points",
        table=Table(columns, rows),
        features={"type": "FeatureCollection", "features": features},
        facts={"points": 4, "shown": 4},
    )


SHARES = [("nuts:FRJ13", "Hérault", 21.5), ("nuts:DE2", "Bayern", None)]


def shares_result() -> Result:
    features = [
        {"type": "Feature", "geometry": box(*BOXES[id]), "properties": {"id": id, "name": name, "value": share}}
        for id, name, share in SHARES
    ]
    return Result(
        tool="rank_official",
        arguments={"land_cover": ["C00"], "level": "nuts1", "year": 2018},
        provenance=Provenance("lan_lcv_ovw", "2026", "CC BY 4.0", "SELECT 2", {}, 2, False, None, "1" * 64, "Eurostat"),
        regions=(HERAULT, BAVARIA),
        land_cover=("C00",),
        years=(2018,),
        unit="%",
        table=Table(
            ("region_id", "name", "value", "low", "high"),
            tuple((i, n, s, s and s - 2, s and s + 2) for i, n, s in SHARES),
        ),
        features={"type": "FeatureCollection", "features": features},
        facts={"legend": {"by": "value", "unit": "%"}},
    )


PLAN = {"steps": [{"tool": "find_points", "arguments": dict(points_result().arguments)}]}


def answer(question: str) -> Answer:
    """The small world's few answers, by a word of the question."""
    steps = (Step("understand", 0.01, "vineyard → B82"), Step("find_points", 0.02, "4 points"))
    if "paris" in question.lower():
        return Answer(
            "clarify", "Which Paris?", "builtin", 0.1, choices=("Paris (FR)", "Vineyard of Hérault"), steps=steps
        )
    if "brazil" in question.lower():
        return Answer("refused", "Brazil is outside the data.", "builtin", 0.1, steps=steps)
    if "woodland" in question.lower():
        return Answer(
            "answered",
            "Woodland: 21.5 % in Hérault.",
            "builtin",
            0.1,
            results=(shares_result(),),
            steps=steps,
            plan=PLAN,
        )
    return Answer(
        "answered", "4 points of vineyard were seen in Hérault in 2018.", "builtin", 0.1,
        results=(points_result(),), caveats=("Four points are few.",), steps=steps, plan=PLAN,
    )  # fmt: skip


class SmallAsker:
    """Answers by `answer`, with steps; "slow" takes ten seconds unless stopped, "bug" fails."""

    def ask(
        self,
        question: str,
        *,
        memory: Any,
        selection: Mapping[str, Any] | None,
        on_step: OnStep,
        cancel: Event,
        encoder: str = "",
    ) -> tuple[Answer, Any]:
        done = answer(question)
        if selection:
            done = replace(done, text=f"Asked about {selection['properties']['name']}. {done.text}")
        for at in range(100 if "slow" in question else 1):
            on_step(Step("plan", 0.1, f"part {at}"))
            if "slow" in question and cancel.wait(0.1):
                raise RuntimeError("cancelled")
        if "bug" in question:
            raise RuntimeError("/secret/path")
        return done, {"turns": [*(memory or {}).get("turns", []), question]}

    def replay(
        self, plan: Mapping[str, Any], *, question: str, selection: Mapping[str, Any] | None, language: str
    ) -> Answer:
        tool = plan["steps"][0]["tool"]
        if tool == "point_history":
            return Answer("answered", "Seen as vineyard in 2018.", "replay", 0.0)
        return answer("woodland" if "official" in tool else "vineyard")


def small_world() -> World:
    context = SmallContext(SmallStore(), SmallGazetteer(), Nomenclature.load(), {})
    return World(context, SmallAsker())  # type: ignore[arg-type]
