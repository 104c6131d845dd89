"""Sentinel-2 scenes from a STAC API: search, processing baseline, addresses that open. Does not read pixels."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from retrieval.errors import SourceError
from retrieval.fetch.download import Downloader
from retrieval.fetch.secrets import Secrets, shown
from retrieval.fetch.sources import StacSource
from retrieval.types import BBox

log = logging.getLogger(__name__)

SHIFT = -1000
"""Added to digital numbers of processing baseline 04.00 and later (BOA_ADD_OFFSET), which begin 2022-01-25."""
SHIFT_SINCE = date(2022, 1, 25)

Sign = Callable[[str], str]
"""An address as the catalogue gives it → one that opens now."""

BASELINES = ("s2:processing_baseline", "processing:version", "earthsearch:processing_baseline")
TILES = ("grid:code", "s2:mgrs_tile", "s2:tile_id")


@dataclass(frozen=True)
class Scene:
    """One acquisition of one tile, with all that is needed to read it again later."""

    id: str
    taken: str
    """UTC, ISO 8601."""
    day: str
    """Solar day: tiles of one pass belong together."""
    tile: str
    shift: int
    """To be added to each digital number: 0, or -1000 where the baseline's offset is still in the file."""
    bands: tuple[str, ...]
    """Addresses in the store's band order, as the catalogue gives them (unsigned)."""
    scl: str | None
    """None: the scene has no classification and cannot be used."""
    bbox: BBox | None = None

    @property
    def month(self) -> int:
        """Calendar month, 1 to 12."""
        return int(self.day[5:7])


def search(source: StacSource, bbox: BBox, first: date, last: date, tries: int = 5, page: int = 100) -> list[Scene]:
    """Return the scenes over a box from `first` to `last` (both included), earliest first, newest processing only.

    Raises:
        SourceError: The API cannot be reached, or its items lack a band that is asked for.
    """
    import pystac_client
    import requests
    from pystac_client.exceptions import APIError
    from pystac_client.stac_api_io import StacApiIO
    from urllib3.util import Retry

    retry = Retry(
        total=tries,
        backoff_factor=1,
        status_forcelist=(408, 429, 500, 502, 503, 504),
        allowed_methods=None,
        respect_retry_after_header=True,
    )
    try:
        client = pystac_client.Client.open(source.url, stac_io=StacApiIO(max_retries=retry, timeout=60))
        found = client.search(
            collections=[source.collection], bbox=bbox, datetime=f"{first}T00:00:00Z/{last}T23:59:59Z", limit=page
        )
        items = list(found.items_as_dicts())
    except (APIError, requests.RequestException) as error:
        raise SourceError(f"the STAC API at {shown(source.url)} failed: {_reason(error)}") from error
    return newest([_scene(source, item) for item in items])


def newest(scenes: Iterable[Scene]) -> list[Scene]:
    """Return one scene for each tile and time, the last processed where there are several."""
    best: dict[tuple[str, str], Scene] = {}
    for scene in scenes:
        key = (scene.tile or scene.id, scene.taken[:16])
        if key not in best or scene.id > best[key].id:
            best[key] = scene
    return sorted(best.values(), key=lambda s: (s.taken, s.id))


def shift_of(properties: Mapping[str, Any], taken: datetime) -> int:
    """Return what has to be added to the digital numbers so that 10 000 is a reflectance of one, and 0 is zero.

    Earth Search takes the offset out of most of its files and says so; a scene where it says that it did not, and all
    scenes elsewhere, carry it from baseline 04.00 on. Without a baseline the day decides.
    """
    if properties.get("earthsearch:boa_offset_applied") is True:
        return 0
    for name in BASELINES:
        baseline = _number(properties.get(name))
        if baseline is not None:
            return SHIFT if baseline >= 4 else 0
    return SHIFT if taken.date() >= SHIFT_SINCE else 0


def signer(source: StacSource, downloader: Downloader, secrets: Secrets) -> Sign:
    """Return what makes this source's addresses open."""
    if source.sign == "sas":
        return _SasSigner(source, downloader, secrets)
    return _as_gdal_path


class _SasSigner:
    """Appends Planetary Computer's token, asked for again five minutes before it ends."""

    def __init__(self, source: StacSource, downloader: Downloader, secrets: Secrets) -> None:
        self._source, self._downloader, self._secrets = source, downloader, secrets
        self._token, self._until = "", 0.0

    def __call__(self, address: str) -> str:
        if time.time() > self._until - 300:
            self._renew()
        return f"{address}{'&' if '?' in address else '?'}{self._token}"

    def _renew(self) -> None:
        key = self._secrets.get("PC_SDK_SUBSCRIPTION_KEY")
        headers = {"Ocp-Apim-Subscription-Key": key} if key else {}
        answer = self._downloader.read_json(f"{self._source.token}/{self._source.collection}", headers)
        if "token" not in answer:
            raise SourceError(f"{shown(self._source.token)} gave no token")
        self._token = str(answer["token"])
        self._secrets.learn(self._token)
        end = str(answer.get("msft:expiry", ""))
        self._until = _time(end).timestamp() if end else time.time() + 1800


def _scene(source: StacSource, item: Mapping[str, Any]) -> Scene:
    properties, assets = item["properties"], item["assets"]
    missing = [name for name in source.bands if name not in assets]
    if missing:
        raise SourceError(
            f"items of {source.collection} at {shown(source.url)} have no asset {missing[0]!r} (they have "
            f"{', '.join(sorted(assets)[:12])}): the catalogue changed, or `--source` names the wrong one"
        )
    taken = _time(properties["datetime"])
    bbox = tuple(float(v) for v in item["bbox"]) if item.get("bbox") else None
    return Scene(
        id=item["id"],
        taken=taken.isoformat(timespec="seconds"),
        day=_solar_day(taken, bbox),
        tile=next((str(properties[name]) for name in TILES if properties.get(name)), ""),
        shift=shift_of(properties, taken),
        bands=tuple(assets[name]["href"] for name in source.bands),
        scl=assets[source.scl]["href"] if source.scl in assets else None,
        bbox=(bbox[0], bbox[1], bbox[2], bbox[3]) if bbox and len(bbox) == 4 else None,
    )


def _solar_day(taken: datetime, bbox: tuple[float, ...] | None) -> str:
    middle = (bbox[0] + bbox[len(bbox) // 2]) / 2 if bbox else 0.0
    return (taken + timedelta(hours=middle / 15)).date().isoformat()


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _as_gdal_path(address: str) -> str:
    if address.startswith("s3://"):
        return "/vsis3/" + address.removeprefix("s3://")
    return address


def _reason(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__).partition("?")[0][:200]
