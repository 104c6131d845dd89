"""`python -m retrieval fetch|ingest|cache`: what a person types to bring real data in.

The edge of this package: the environment is read here, sizes are said and asked about here, nothing else prints.
Each source has one function that fetches its files, checks them, and hands them to the library.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from tqdm import tqdm

from retrieval.archives import is_archive, unpack
from retrieval.errors import BadArgument, BadFile, NoRecords, SourceError
from retrieval.fetch import landmatrix, library, lucas, nuts, photos, statistics, weights
from retrieval.fetch.cache import DEFAULT_LIMIT, Cache, default_cache_folder
from retrieval.fetch.download import Downloader, Remote
from retrieval.fetch.grid import Cells, cells_of_points, cells_within
from retrieval.fetch.library import Addition
from retrieval.fetch.pixels import Job, Outcome, Request
from retrieval.fetch.secrets import Secrets, shown
from retrieval.fetch.sources import Sources, load_sources, parse_bases
from retrieval.fetch.stac import signer
from retrieval.ingest import STAGES
from retrieval.kinds import gather
from retrieval.region_rows import eurostat_code
from retrieval.store import Store, default_store_path
from retrieval.vine_files import read_vine_areas

SAID = {
    "lucas": "survey records",
    "vine_areas": "area under vines",
    "deals": "land deals",
    "weights": "sampling weights",
}
"""Kind of file → what a person is told it is."""

SIZES = {"K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


@dataclass(frozen=True)
class Desk:
    """What every command works with, made once from options and environment."""

    store: Path
    cache: Cache
    secrets: Secrets
    sources: Sources
    downloader: Downloader
    yes: bool
    refresh: bool
    keep: bool
    """Fetch only; leave the store alone."""
    quiet: bool

    def say(self, text: str) -> None:
        """Tell the person, on stderr: stdout is for results."""
        if not self.quiet:
            print(text, file=sys.stderr)

    def confirm(self, what: str) -> None:
        """Ask before something large begins.

        Raises:
            BadArgument: Nobody is there to be asked, or the person said no.
        """
        self.say(what)
        if self.yes:
            return
        if not sys.stdin.isatty():
            raise BadArgument("nobody is here to be asked: say --yes to go on")
        print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise BadArgument("not fetched, as you wished")

    def fetch(self, remotes: Sequence[Remote], what: str) -> list[Path]:
        """Say the sizes, ask, and return the files."""
        sizes = [self.downloader.size(remote) for remote in remotes]
        if not all(size == 0 for size in sizes) or self.refresh:
            self._offer(remotes, sizes, what)
        return [self._fetch_one(remote) for remote in remotes]

    def _offer(self, remotes: Sequence[Remote], sizes: Sequence[int | None], what: str) -> None:
        known = sum(size or 0 for size in sizes)
        unknown = sum(size is None for size in sizes)
        more = f" and {unknown} file{'s' if unknown > 1 else ''} whose size is not told" if unknown else ""
        free = _free(self.cache.root)
        lines = [f"  {shown(r.url)}  {_bytes(s)}" for r, s in zip(remotes, sizes, strict=True) if s != 0]
        listing = "\n".join(lines[:8] + ([f"  … {len(lines) - 8} more"] if len(lines) > 8 else []))
        self.confirm(f"{what}: {_bytes(known)}{more} to fetch into {self.cache.root} ({_bytes(free)} free)\n{listing}")

    def _fetch_one(self, remote: Remote) -> Path:
        name = Path(remote.name).name
        with tqdm(desc=name, unit="B", unit_scale=True, leave=False, disable=self.quiet or None) as bar:

            def tell(done: int, total: int | None) -> None:
                bar.total = total
                bar.update(done - bar.n)

            return self.downloader.get(remote, tell, self.refresh)

    def add(self, additions: Sequence[Addition]) -> None:
        """Put files into the store, unless only fetching was asked for."""
        if self.keep:
            self.say("fetched; the store is as it was (--no-ingest)")
            return
        with tqdm(total=len(STAGES), desc="build", unit="stage", disable=self.quiet or None, leave=False) as bar:

            def tell(stage: str) -> None:
                bar.set_postfix_str(stage)
                bar.update(1)

            library.add(self.store, additions, tell)
        self.say(f"{self.store} now holds {', '.join(_listed(self.store))}")


def codes_of(text: str) -> list[str]:
    """Return the country codes of an option as Eurostat writes them: one, or several in any way of listing them.

    >>> codes_of("fr"), codes_of("FR;gr , GB")
    (['FR'], ['FR', 'EL', 'UK'])
    """
    return [eurostat_code(code) for code in re.split(r"[;,\s]+", text) if code]


_COUNTRIES: Mapping[str, Any] = {"action": "extend", "type": codes_of, "default": [], "metavar": "FR"}
"""How an option takes countries."""

# --- the commands ------------------------------------------------------------------------------------------------


def add_subcommands(commands: argparse._SubParsersAction) -> None:
    """Add `fetch`, `ingest` and `cache` to `python -m retrieval`."""
    fetch = commands.add_parser("fetch", help="real data from its public sources", description=__doc__)
    several = fetch.add_subparsers(title="sources", required=True, metavar="SOURCE")
    for name, add in FETCHES.items():
        add(several.add_parser(name, help=add.__doc__, description=add.__doc__))
    _ingest_parser(commands.add_parser("ingest", help="add files you have: LUCAS, NUTS, statistics, pixels"))
    _cache_parser(commands.add_parser("cache", help="downloaded files: how many, and clear them"))


def _fetch_all(parser: argparse.ArgumentParser) -> None:
    """LUCAS of the latest survey, NUTS and the statistics, in one go: `make data`."""
    _common(parser)
    parser.add_argument("--year", type=int, default=2022, help="survey year (default: %(default)s)")
    parser.add_argument("--country", **_COUNTRIES, help="only these countries' records")
    parser.add_argument("--scale", default="20M", help="scale of the NUTS outlines (default: 1:%(default)s)")
    parser.set_defaults(run=_run(run_all))


def _fetch_lucas(parser: argparse.ArgumentParser) -> None:
    """LUCAS survey records: Eurostat's microdata of a year, or the harmonised table."""
    _common(parser)
    parser.add_argument("--year", type=int, action="append", default=[], help="survey year; again for several (2022)")
    parser.add_argument("--country", **_COUNTRIES, help="only these countries' records")
    parser.add_argument("--harmonised", action="store_true", help="the harmonised table (2006 to 2018), with photos")
    parser.set_defaults(run=_run(run_lucas))


def _fetch_nuts(parser: argparse.ArgumentParser) -> None:
    """NUTS regions of any vintage and scale, and the communes of chosen countries, from GISCO."""
    _common(parser)
    parser.add_argument("--year", type=int, action="append", default=[], help="vintage; again for several (2021)")
    parser.add_argument("--scale", default="20M", help="01M, 03M, 10M, 20M or 60M (default: %(default)s)")
    parser.add_argument("--communes", **_COUNTRIES, help="also these countries' communes")
    parser.set_defaults(run=_run(run_nuts))


def _fetch_statistics(parser: argparse.ArgumentParser) -> None:
    """Eurostat's land-cover table in its current release; says what changed since the last one."""
    _common(parser)
    parser.add_argument("--vineyards", action="store_true", help="also the area under vines by country (APRO_CPSH1)")
    parser.set_defaults(run=_run(run_statistics))


def _fetch_pixels(parser: argparse.ArgumentParser) -> None:
    """A year of Sentinel-2 for the survey points of a region, for a region or for an area of your own."""
    _common(parser)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--region", metavar="ID", help="nuts:FRJ1, country:LU, iso:FR-34 …")
    where.add_argument("--area", type=Path, metavar="FILE", help="an area of your own, GeoJSON")
    parser.add_argument("--year", type=int, help="calendar year")
    parser.add_argument(
        "--from", dest="first", metavar="YYYY-MM", help="twelve months from this one, in place of --year"
    )
    parser.add_argument("--every", type=int, metavar="M", help="one pixel every M metres; 10 is every pixel. Without "
                        "it a region's survey points, an area's every pixel")  # fmt: skip
    parser.add_argument(
        "--source", default="earth-search", help="earth-search, planetary-computer, cdse, or a STAC URL"
    )
    parser.add_argument(
        "--composite", default="clear", choices=("clear", "upstream"),
        help="medians of clear values, or as TimeSenCLIP's own preparation makes months, for its released weights",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=8, help="files read at once (default: %(default)s)")
    parser.set_defaults(run=_run(run_pixels))


def _fetch_photos(parser: argparse.ArgumentParser) -> None:
    """LUCAS ground photos of a region and year, two a second, for training."""
    _common(parser)
    parser.add_argument("--region", default="", metavar="ID", help="a region; everywhere without it")
    parser.add_argument("--year", type=int, required=True, help="survey year")
    parser.add_argument("--view", action="append", default=[], help=f"{', '.join(photos.VIEWS)} (point)")
    parser.add_argument("--land-cover", default="", metavar="CODE", help="only records whose code begins so")
    parser.add_argument("--limit", type=int, default=1000, help="at most so many photos (default: %(default)s)")
    parser.set_defaults(run=_run(run_photos))


def _fetch_landmatrix(parser: argparse.ArgumentParser) -> None:
    """Land Matrix' land deals: all public ones, with locations and investors, in one export."""
    _common(parser)
    parser.add_argument("--default-filter", action="store_true", help="only what landmatrix.org shows by default")
    parser.set_defaults(run=_run(run_landmatrix))


def _fetch_weights(parser: argparse.ArgumentParser) -> None:
    """Model weights: open_clip:MODEL/PRETRAINED, hf:owner/repository[:file], or a file to be checked."""
    _common(parser)
    parser.add_argument("name")
    parser.set_defaults(run=_run(run_weights))


FETCHES: Mapping[str, Callable[[argparse.ArgumentParser], None]] = {
    "all": _fetch_all,
    "lucas": _fetch_lucas,
    "nuts": _fetch_nuts,
    "statistics": _fetch_statistics,
    "pixels": _fetch_pixels,
    "photos": _fetch_photos,
    "landmatrix": _fetch_landmatrix,
    "weights": _fetch_weights,
}
"""Source → what its command takes. A new source is one line here and one in `sources.toml`."""


def _ingest_parser(parser: argparse.ArgumentParser) -> None:
    _common(parser)
    parser.description = (
        "Add files you have to the store. What each is, is told by its columns: LUCAS tables (CSV, Parquet, zip), "
        "NUTS and other outlines, Eurostat's land-cover table and area under vines (TSV, SDMX-CSV, also gzipped), "
        "pixel series. A folder stands for all files in it. The store is whole before and after, whatever happens in "
        "between."
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.set_defaults(run=_run(run_ingest))


def _cache_parser(parser: argparse.ArgumentParser) -> None:
    _common(parser)
    parser.add_argument("action", choices=("show", "clear"), nargs="?", default="show")
    parser.add_argument(
        "--only", metavar="FOLDER", help="clear only this: lucas, regions, statistics, pixels, photos …"
    )
    parser.add_argument("--older-than", type=float, metavar="DAYS", help="clear only what is older")
    parser.set_defaults(run=_run(run_cache))


def _common(parser: argparse.ArgumentParser) -> None:
    env = os.environ
    store = Path(env["LANDASK_STORE"]) if env.get("LANDASK_STORE") else default_store_path()
    cache = Path(env["LANDASK_CACHE"]) if env.get("LANDASK_CACHE") else default_cache_folder()
    limit = env.get("LANDASK_CACHE_LIMIT") or str(DEFAULT_LIMIT)
    parser.add_argument("--store", type=Path, default=store, metavar="PATH", help="the store (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=cache, metavar="DIR", help="downloads (default: %(default)s)")
    parser.add_argument("--cache-limit", default=limit, metavar="SIZE", help="as in 20G; least recently used files go")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask before fetching")
    parser.add_argument("--offline", action="store_true", default=env.get("LANDASK_OFFLINE", "") not in ("", "0"),
                        help="fetch nothing: what is cached, or an error (LANDASK_OFFLINE)")  # fmt: skip
    parser.add_argument("--refresh", action="store_true", help="ask the source whether a cached file has changed")
    parser.add_argument("--no-ingest", action="store_true", help="only fetch; leave the store as it is")
    parser.add_argument("--base", action="append", default=[], metavar="SOURCE=URL", help="another address of a source")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress, no summary")


def _run(work: Callable[[Desk, argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        secrets = Secrets(os.environ)
        cache = Cache(arguments.cache, parse_size(arguments.cache_limit))
        sources = load_sources(parse_bases(arguments.base, os.environ))
        with Downloader(cache, secrets, offline=arguments.offline) as downloader:
            desk = Desk(
                store=arguments.store, cache=cache, secrets=secrets, sources=sources, downloader=downloader,
                yes=arguments.yes, refresh=arguments.refresh, keep=arguments.no_ingest, quiet=arguments.quiet,
            )  # fmt: skip
            try:
                return work(desk, arguments)
            except SourceError as error:  # its text may quote an address
                raise SourceError(secrets.clean(str(error))) from error

    return run


# --- what they do ------------------------------------------------------------------------------------------------


def run_all(desk: Desk, arguments: argparse.Namespace) -> int:
    """Fetch survey, regions and statistics, ask once, and build once."""
    survey = lucas.remotes(desk.sources, arguments.year, arguments.country)
    regions = nuts.nuts_remotes(desk.sources, [2016, 2021], arguments.scale)
    table = statistics.remote(desk.sources)
    desk.say(nuts.NOTICE)
    desk.fetch([*survey, *regions, table], f"LUCAS {arguments.year}, NUTS 2016 and 2021, {len(survey)} survey file(s)")
    sure = replace(desk, yes=True)
    desk.add(
        [
            *_survey_additions(sure, arguments.year, arguments.country, harmonised=False),
            *_region_additions(sure, regions),
            _statistics_addition(sure),
        ]
    )
    return 0


def run_lucas(desk: Desk, arguments: argparse.Namespace) -> int:
    """Fetch the survey of one or several years."""
    years = arguments.year or [2022]
    additions = [
        addition
        for year in years
        for addition in _survey_additions(desk, year, arguments.country, arguments.harmonised)
    ]
    desk.add(additions)
    return 0


def run_nuts(desk: Desk, arguments: argparse.Namespace) -> int:
    """Fetch NUTS vintages, and communes where asked for."""
    years = arguments.year or [2021]
    remotes = nuts.nuts_remotes(desk.sources, years, arguments.scale)
    desk.say(nuts.NOTICE)
    additions = _region_additions(desk, remotes)
    if arguments.communes:
        additions += _commune_additions(desk, max(years), arguments.communes)
    desk.add(additions)
    return 0


def run_statistics(desk: Desk, arguments: argparse.Namespace) -> int:
    """Fetch the current release of the land-cover table, and the area under vines where asked for."""
    additions = [_statistics_addition(desk)]
    if arguments.vineyards:
        additions.append(_vineyard_addition(desk))
    desk.add(additions)
    return 0


def run_pixels(desk: Desk, arguments: argparse.Namespace) -> int:
    """Fetch a year of Sentinel-2 for points, a region or an area."""
    cells, slot = _cells(desk, arguments)
    source = desk.sources.stac(arguments.source)
    if desk.downloader.offline:
        raise SourceError("offline: pixels cannot be fetched; bring a file on a disk and `ingest` it")
    request = Request(cells, _first_month(arguments), source, arguments.composite)
    sign = signer(source, desk.downloader, desk.secrets)
    job = Job(request, desk.cache.path("pixels"), desk.secrets, sign, arguments.workers)
    if not job.file.is_file():
        _offer_pixels(desk, job)
    with tqdm(desc="pixels", unit="block", disable=desk.quiet or None, leave=False) as bar:

        def tell(done: int, of: int, left: float) -> None:
            bar.total = of
            bar.set_postfix_str(f"{_duration(left)} to go")
            bar.update(done - bar.n)

        outcome = job.run(tell)
    for line in _told(outcome, len(cells)):
        desk.say(line)
    desk.add([Addition("pixels", outcome.file, _slug(f"pixels_{slot}_{request.year}_{source.name}"), ours=True)])
    return 0


def run_photos(desk: Desk, arguments: argparse.Namespace) -> int:
    """Fetch ground photos of visits that the store knows."""
    views = arguments.view or ["point"]
    with Store.open(desk.store) as store:
        visits = [
            visit
            for visit in store.query("fetch_visits", region=arguments.region, year=arguments.year).dicts()
            if (visit["lc1"] or "").startswith(arguments.land_cover) and visit["nuts0"]
        ]
    if not visits:
        raise NoRecords(f"visits in {arguments.year}", "fetch that survey first, or name another region or year")
    wanted = [
        photo
        for v in visits
        for photo in photos.photos_of(desk.sources, v["point_id"], v["year"], v["nuts0"], v["photos"], views)
    ][: arguments.limit]
    seconds = len(wanted) * (photos.PAUSE_S + 0.3)
    size = _bytes(len(wanted) * 400_000)
    desk.confirm(f"{len(wanted)} photos, about {size}, about {_duration(seconds)} at two a second")
    with tqdm(total=len(wanted), desc="photos", unit="photo", disable=desk.quiet or None, leave=False) as bar:
        had, missing = photos.fetch(wanted, desk.downloader, lambda got, not_there: bar.update(1))
    index = desk.cache.path(f"photos/photos_{arguments.year}.csv")
    rows = [(p.point_id, p.year, p.view, desk.cache.path(p.remote.name)) for p in had]
    lucas.write_rows(index, ("point_id", "year", "view", "file"), rows)
    desk.say(f"{len(had)} photos, {len(missing)} not published; listed in {index}")
    print(index)
    return 0


def run_landmatrix(desk: Desk, arguments: argparse.Namespace) -> int:
    """Fetch the export of land deals; say what of its enumerations is new to us."""
    [file] = desk.fetch([landmatrix.remote(desk.sources, filtered=arguments.default_filter)], "Land Matrix")
    desk.say(f"{landmatrix.check_export(file):,} deals")
    if not desk.downloader.offline:
        unknown = landmatrix.unknown_choices(desk.sources, desk.downloader)
        if unknown:
            desk.say(f"values that are new to us, dropped where a deal has them: {', '.join(unknown)}")
    desk.add([Addition("deals", file, "deals", ours=True)])
    return 0


def run_weights(desk: Desk, arguments: argparse.Namespace) -> int:
    """Fetch or check a weights file and print where it is."""
    print(weights.fetch(arguments.name, desk.sources, desk.downloader, desk.secrets))
    return 0


def run_ingest(desk: Desk, arguments: argparse.Namespace) -> int:
    """Add files that are here already."""
    found = gather(arguments.paths, desk.cache.path("unpacked"), desk.say)
    if not found:
        raise BadFile(f"no table in {', '.join(map(str, arguments.paths))}")
    for kind, path in found:
        desk.say(f"{path.name}: {SAID.get(kind, kind)}")
        if kind == "statistics":
            _say_release(desk, path)
    desk.add([Addition(kind, path, _slot(kind, path)) for kind, path in found])
    return 0


def run_cache(desk: Desk, arguments: argparse.Namespace) -> int:
    """Show or clear the downloads."""
    if arguments.action == "clear":
        files, size = desk.cache.clear(arguments.only, arguments.older_than)
        print(f"{files} files, {_bytes(size)} removed from {desk.cache.root}")
        return 0
    print(f"{desk.cache.root}: {_bytes(desk.cache.size())} of at most {_bytes(desk.cache.limit)}")
    for entry, _ in desk.cache.entries():
        print(f"  {entry.name}  {_bytes(entry.size)}  {entry.fetched}  sha256 {entry.sha256[:12]}")
    return 0


# --- their parts -------------------------------------------------------------------------------------------------


def _survey_additions(desk: Desk, year: int, countries: Sequence[str], harmonised: bool) -> list[Addition]:
    remotes = lucas.remotes(desk.sources, year, countries, harmonised)
    folder = desk.cache.path("unpacked")
    additions = []
    for file in desk.fetch(remotes, f"LUCAS {year}"):
        tables = unpack(file, folder) if is_archive(file) else [file]
        for table in (t for t in tables if t.suffix.lower() == ".csv"):
            lucas.check_header(table, lucas.expected(year, harmonised))
            if countries and len(remotes) == 1 and not any(c in table.stem.split("_") for c in countries):
                folder.mkdir(parents=True, exist_ok=True)
                table = lucas.cut(table, countries, folder)
            additions.append(Addition("lucas", table, _slot("lucas", table), ours=True))
    if not additions:
        raise SourceError(f"LUCAS {year}: no table in what was fetched")
    return additions


def _region_additions(desk: Desk, remotes: Sequence[Remote]) -> list[Addition]:
    files = desk.fetch(remotes, "NUTS regions")
    for file in files:
        nuts.checked_features(file, nuts.NUTS_FIELDS)
    return [Addition("regions", file, _slot("regions", file), ours=True) for file in files]


def _commune_additions(desk: Desk, year: int, countries: Sequence[str]) -> list[Addition]:
    from retrieval.fetch.lau import cut_communes

    years = [y for y in desk.sources.setting("lau", "years") if y <= max(year, 2016)]
    [file] = desk.fetch(nuts.lau_remotes(desk.sources, years[-1:]), "communes")
    communes = nuts.checked_features(file, nuts.LAU_FIELDS)
    cut = cut_communes(file, communes, countries, desk.cache.path("unpacked"))
    return [Addition("regions", cut, _slot("regions", cut), ours=True)]


def _statistics_addition(desk: Desk) -> Addition:
    remote = statistics.remote(desk.sources)
    [file] = desk.fetch([remote], "Eurostat LAN_LCV_OVW")
    statistics.check_columns(file, statistics.TABLES["LAN_LCV_OVW"])
    _say_release(desk, file)
    return Addition("statistics", file, "statistics", ours=True)


def _vineyard_addition(desk: Desk) -> Addition:
    """Return the area under vines, its latest figures printed: code, year, hectares."""
    [file] = desk.fetch([statistics.vineyard_remote(desk.sources)], "area under vines")
    statistics.check_columns(file, statistics.VINEYARD_COLUMNS)
    desk.say("area under vines, hectares, latest year of each country:")
    for code, year, area_ha, _ in read_vine_areas(file).latest():
        print(f"{code}\t{year}\t{area_ha:.0f}")
    return Addition("vine_areas", file, "vine_areas", ours=True)


def _say_release(desk: Desk, file: Path) -> None:
    known = library.sources_of(desk.store).statistics
    for line in statistics.compare(known[-1] if known else None, file).lines():
        desk.say(line)


def _cells(desk: Desk, arguments: argparse.Namespace) -> tuple[Cells, str]:
    if arguments.area:
        from retrieval.regions import equal_area

        return cells_within(equal_area(_drawn(arguments.area)), arguments.every or 10), arguments.area.stem
    with Store.open(desk.store) as store:
        if arguments.every:
            outline = _outline(store, arguments.region)
            return cells_within(outline, arguments.every), arguments.region
        year = arguments.year or 0
        points = store.query("fetch_points", region=arguments.region, year=0)
        visited = store.query("fetch_points", region=arguments.region, year=year)
    points = visited if len(visited) else points
    if not len(points):
        raise NoRecords(
            f"survey points in {arguments.region}",
            "name a region that the survey visited, or sample the region itself with --every METRES",
        )
    return cells_of_points(points.column("point_id"), points.column("x"), points.column("y")), arguments.region


def _drawn(file: Path):
    import shapely

    try:
        outline = shapely.union_all(shapely.from_geojson(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, shapely.errors.GEOSException) as error:
        raise BadFile(f"{file} cannot be read as GeoJSON: {str(error).splitlines()[0]}") from error
    return outline if outline.is_valid else outline.buffer(0)


def _outline(store: Store, region: str):
    from retrieval.gazetteer import Gazetteer
    from retrieval.regions import equal_area

    outline = Gazetteer(store).outline(region)
    if outline is None:
        raise NoRecords(f"outline of {region}", "fetch nuts, or bring a file with it and `ingest` it")
    return equal_area(outline)


def _first_month(arguments: argparse.Namespace) -> date:
    if arguments.first:
        try:
            return date.fromisoformat(f"{arguments.first}-01")
        except ValueError as error:
            raise BadArgument(f"--from takes a month as in 2017-12, not {arguments.first!r}") from error
    if not arguments.year:
        raise BadArgument("say which year: --year 2022, or --from 2017-12")
    if not 2015 <= arguments.year <= date.today().year:
        raise BadArgument(f"Sentinel-2 has no {arguments.year}: it began in 2015")
    return date(arguments.year, 1, 1)


def _offer_pixels(desk: Desk, job: Job) -> None:
    estimate = job.estimate()
    size = f"at most about {_bytes(estimate.most_bytes)}" if estimate.most_bytes is not None else "of a size not told"
    without = f" ({estimate.without_scl} without a classification are left out)" if estimate.without_scl else ""
    desk.confirm(
        f"{estimate.cells} pixels in {estimate.blocks} blocks from {estimate.scenes} scenes{without} of "
        f"{shown(job.request.source.url)}: {size} to read, {_bytes(estimate.cells * 260)} to keep"
    )


def _told(outcome: Outcome, cells: int) -> list[str]:
    lines = [f"{outcome.rows} of {cells} pixels from {outcome.scenes} scenes in {_duration(outcome.seconds)}"]
    if outcome.never_clear:
        lines.append(f"{outcome.never_clear} pixels were never seen clear and are left out")
    if outcome.empty_months:
        lines.append(f"no scene in month {', '.join(map(str, outcome.empty_months))}: marked as masked")
    reasons = sorted(outcome.left_out.items())
    lines += [f"left out: {scene}: {reason}" for scene, reason in reasons[:5]]
    return lines + ([f"… and {len(reasons) - 5} more scenes left out"] if len(reasons) > 5 else [])


def _slot(kind: str, path: Path) -> str:
    if kind in ("statistics", "vine_areas", "deals", "weights"):
        return kind
    return _slug(path.name.removesuffix(".gz").rpartition(".")[0] or path.name)


def _slug(text: str) -> str:
    """Return a text as the beginning of a file's name: letters of any script, 100 bytes of them at most."""
    return re.sub(r"[^\w -]+", "-", text).strip("- ").encode()[:100].decode(errors="ignore")


def _listed(store: Path) -> list[str]:
    with Store.open(store) as opened:
        return [f"{d.id} {d.rows:,}" for d in opened.datasets()]


def parse_size(text: str) -> int:
    """Read a size as a person writes it: 500M, 20G, or bytes."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?\s*", text, re.IGNORECASE)
    if not found:
        raise BadArgument(f"a size is written as 500M or 20G, not {text!r}")
    return int(float(found[1]) * SIZES.get(found[2].upper(), 1))


def _bytes(size: int | None) -> str:
    if size is None:
        return "size not told"
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size} bytes"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _free(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
