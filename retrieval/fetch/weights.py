"""Weights of pixel and text models: from an open_clip tag, a hub id or a path, checked before anybody loads them.

The check opens no pickle: a safetensors file's header must describe the whole file, a PyTorch file must be a whole
zip. Loading them, with `weights_only=True`, is the model's business (`tools/pixelclip`).
"""

from __future__ import annotations

import importlib
import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from retrieval.errors import BadArgument, BadFile, SourceError
from retrieval.fetch.download import Downloader, Remote
from retrieval.fetch.secrets import Secrets
from retrieval.fetch.sources import Sources
from retrieval.file_kinds import BROKEN_ARCHIVE
from retrieval.foreign import read_json, record

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
LARGEST_HEADER = 100 << 20
_NAME = re.compile(r"(?!.*\.\.)[\w][\w./ +-]{0,250}")
_REVISION = re.compile(r"[\w][\w.-]{0,80}")


@dataclass(frozen=True)
class Lfs:
    """What the hub says of a large file."""

    sha256: str | None = None


@dataclass(frozen=True)
class Sibling:
    """One file of a repository."""

    rfilename: str = ""
    size: int | None = None
    lfs: Lfs | None = None


@dataclass(frozen=True)
class Listing:
    """A repository, as the hub lists it."""

    siblings: tuple[Sibling, ...] = ()
    sha: str | None = None


def fetch(name: str, sources: Sources, downloader: Downloader, secrets: Secrets) -> Path:
    """Return a checked weights file.

    `name` is a path; `hf:owner/repository` with an optional `:file` at its end; or an open_clip tag
    `open_clip:MODEL/PRETRAINED`, as in `open_clip:ViT-B-32/laion2b_s34b_b79k`.

    Raises:
        BadFile: The file is not what its form says.
        SourceError: It cannot be had.
    """
    kind, _, rest = name.partition(":")
    if kind == "hf" and rest:
        path = downloader.get(hub_remote(rest, sources, downloader, secrets))
    elif kind == "open_clip" and rest:
        path = downloader.get(open_clip_remote(rest, sources, downloader, secrets))
    else:
        path = Path(name)
        if not path.is_file():
            raise BadArgument(
                f"no weights {name!r}: give a file, hf:owner/repository[:file], or open_clip:MODEL/PRETRAINED"
            )
    check(path)
    return path


def hub_remote(identifier: str, sources: Sources, downloader: Downloader, secrets: Secrets) -> Remote:
    """Return one file of a repository on the hub; without a file name, its only weights file."""
    repository, _, file = identifier.partition(":")
    if repository.count("/") != 1:
        raise BadArgument(f"a hub id is owner/repository[:file], not {identifier!r}")
    token = secrets.get("HF_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    listing = downloader.read_json(f"{sources.base('weights')}/api/models/{repository}?blobs=true", headers)
    try:
        known = record(Listing, listing, "the hub's listing")
    except BadArgument as error:
        raise SourceError(f"{repository}: {error}") from error
    files = {entry.rfilename: entry for entry in known.siblings if _NAME.fullmatch(entry.rfilename)}
    file = file or _only_weights(repository, list(files))
    if file not in files:
        raise SourceError(f"{repository} has no file {file!r}; it has {', '.join(sorted(files)[:10])}")
    revision = known.sha or "main"
    if not _REVISION.fullmatch(revision):
        raise SourceError(f"{repository}: the hub names a revision that is none: {revision[:40]!r}")
    path = sources.setting("weights", "path").format(repository=repository, revision=revision, file=file)
    stored = files[file].lfs or Lfs()
    return Remote(
        sources.url("weights", path),
        f"weights/{repository}/{revision[:12]}/{file}",
        size=files[file].size,
        sha256=stored.sha256,
        headers=headers,
    )


def open_clip_remote(tag: str, sources: Sources, downloader: Downloader, secrets: Secrets) -> Remote:
    """Return the weights file an open_clip tag stands for."""
    model, _, pretrained = tag.partition("/")
    pretrained_of = importlib.import_module("open_clip.pretrained")
    known = pretrained_of.get_pretrained_cfg(model, pretrained)
    if not known:
        tags = pretrained_of.list_pretrained_tags_by_model(model)
        raise BadArgument(f"open_clip knows no {tag!r}; tags of {model}: {', '.join(tags) or 'none, no such model'}")
    hub = str(known.get("hf_hub") or "")
    if hub:
        repository, file = hub.rstrip("/").split("/")[:2], hub.split("/", 2)[2] if hub.count("/") > 1 else ""
        return hub_remote("/".join(repository) + (f":{file}" if file else ""), sources, downloader, secrets)
    url = str(known["url"])
    return Remote(url, f"weights/open_clip/{PurePosixPath(url).name}")


def check(path: Path) -> None:
    """See that a weights file is whole.

    Raises:
        BadFile: It is not, or has no form that is known.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if path.suffix == ".safetensors":
        _check_safetensors(path)
    elif head[:2] == b"PK":
        _check_zip(path)
    elif path.suffix in SUFFIXES:
        raise BadFile(
            f"{path.name} is neither safetensors nor a zip of PyTorch: an old pickle is not opened; save it again with "
            "a current PyTorch"
        )
    else:
        raise BadFile(f"{path.name} is no weights file; known endings: {', '.join(SUFFIXES)}")


def _check_safetensors(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        raw = file.read(8)
        length = struct.unpack("<Q", raw)[0] if len(raw) == 8 else 0
        if not 2 <= length <= min(LARGEST_HEADER, size - 8):
            raise BadFile(f"{path.name} is not a whole safetensors file: its header is cut off")
        try:
            header = read_json(file.read(length), path.name, LARGEST_HEADER)
            ends = [int(entry["data_offsets"][1]) for name, entry in header.items() if name != "__metadata__"]
        except (BadArgument, AttributeError, ValueError, KeyError, TypeError, IndexError) as error:
            raise BadFile(f"{path.name} is not a safetensors file: {error}") from error
    if not ends or 8 + length + max(ends) != size:
        raise BadFile(
            f"{path.name} is cut off: {size} bytes where its header names {8 + length + max(ends, default=0)}"
        )


def _check_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except BROKEN_ARCHIVE as error:
        raise BadFile(f"{path.name} is not a whole file: {error}") from error
    if bad:
        raise BadFile(f"{path.name} is damaged in {bad}")


def _only_weights(repository: str, files: list[str]) -> str:
    for suffix in SUFFIXES:
        found = [name for name in files if name.endswith(suffix)]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            raise BadArgument(f"{repository} has several weights files; name one: {', '.join(found[:8])}")
    raise SourceError(f"{repository} has no weights file; it has {', '.join(files[:10]) or 'nothing'}")
