"""LUCAS ground photos: their addresses by year, and fetching them one after another. Does not look at them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from retrieval.errors import BadArgument, SourceError
from retrieval.fetch.download import Downloader, Remote
from retrieval.fetch.sources import Sources

log = logging.getLogger(__name__)

VIEWS = {"point": "P", "north": "N", "east": "E", "south": "S", "west": "W", "crop": "C"}
"""View → the letter in file names until 2018."""
WORDS = {"crop": "CropLC1"}
"""View → the word in file names since 2022, where it is not the view itself."""

PAUSE_S = 0.5
"""Between two photos: two a second is what a person clicking fast asks for."""


@dataclass(frozen=True)
class Photo:
    """One photo of one visit."""

    point_id: int
    year: int
    view: str
    remote: Remote


def photos_of(
    sources: Sources,
    point_id: int,
    year: int,
    country: str,
    known: Sequence[str] | None = None,
    views: Sequence[str] = ("point",),
) -> list[Photo]:
    """Return the photos of a visit: those its record names, else the addresses the naming rule gives.

    Not every photo that the rule names was published: faces and number plates are kept back.
    """
    strange = [view for view in views if view not in VIEWS]
    if strange:
        raise BadArgument(f"no view {strange[0]!r}; views: {', '.join(VIEWS)}")
    named = {_view_of(url): url for url in known or ()}
    found = []
    for view in views:
        url = named.get(view) or address(sources, point_id, year, country, view)
        url = sources.url("photos", urlsplit(url).path.partition("/lucas/photos/")[2]) if view in named else url
        name = f"photos/{year}/{country}/{PurePosixPath(urlsplit(url).path).name}"
        found.append(Photo(point_id, year, view, Remote(url, name, "jpeg")))
    return found


def address(sources: Sources, point_id: int, year: int, country: str, view: str) -> str:
    """Return where a photo lies by the naming rule of its year."""
    digits = f"{point_id:08d}"
    rule = sources.setting("photos", "until_2018" if year <= 2018 else "from_2022")
    path = rule.format(
        year=year, country=country, east=digits[:3], north=digits[3:6], point_id=digits,
        letter=VIEWS[view], word=WORDS.get(view, view.capitalize()),
    )  # fmt: skip
    return sources.url("photos", path)


def fetch(
    photos: Iterable[Photo],
    downloader: Downloader,
    on_photo: Callable[[int, int], None] = lambda got, missing: None,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[list[Photo], list[Photo]]:
    """Fetch photos into the cache, one at a time with a pause. Return those had and those not published.

    Raises:
        SourceError: The source failed for good. What was had is kept; the next run goes on after it.
    """
    had: list[Photo] = []
    missing: list[Photo] = []
    for photo in photos:
        if downloader.cache.find(photo.remote.name):
            had.append(photo)
        else:
            (had if _fetched(photo, downloader) else missing).append(photo)
            sleep(PAUSE_S)
        on_photo(len(had), len(missing))
    return had, missing


def _fetched(photo: Photo, downloader: Downloader) -> bool:
    try:
        downloader.get(photo.remote)
    except SourceError as error:
        if "(404)" not in str(error):
            raise
        log.info("photo %s is not published", photo.remote.name)
        return False
    return True


def _view_of(url: str) -> str:
    stem = PurePosixPath(urlsplit(url).path).stem
    by_letter = {letter: view for view, letter in VIEWS.items()}
    return by_letter.get(stem[-1:], "")
