"""Keys and tokens: read from the environment or the keyring, and kept out of every log line. Stores none."""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from retrieval.errors import SourceError

SERVICE = "landask"
"""The name under which a keyring holds our secrets."""

LIBRARIES = ("httpx", "httpcore", "rasterio", "pystac_client", "urllib3", "botocore", "boto3")
"""Libraries that print addresses, and with them any token in one."""
NOISY = (
    *LIBRARIES,
    "rasterio._env",
    "rasterio._err",
    "pystac_client.stac_api_io",
    "urllib3.connectionpool",
    *(f"retrieval.fetch.{name}" for name in ("download", "pixels", "stac", "raster", "photos", "commands")),
)

_IN_QUERY = re.compile(
    r"(?i)([?&](?:sig|se|st|sp|sv|sr|ske|skoid|sktid|skt|sks|skv|token|key|access_token|"
    r"x-amz-[a-z-]+)=)[^&\s'\"]+"
)
_IN_HEADER = re.compile(r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?(?:bearer|basic)?\s*)[^\s'\",]+")
_IN_HOST = re.compile(r"(?i)(https?://)[^/\s@]+@")


class Secrets:
    """What a source needs to let us in. Looks in the environment first, then in the keyring where one is installed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._seen: set[str] = set()

    def get(self, name: str) -> str | None:
        """Return the secret called `name`, or None."""
        value = self._environment.get(name) or _from_keyring(name)
        if value:
            self._seen.add(value)
        return value

    def require(self, name: str, what: str) -> str:
        """Return the secret called `name`, or say where to put it."""
        value = self.get(name)
        if value:
            return value
        raise SourceError(f"{what} needs {name}: set it in the environment, or `keyring set {SERVICE} {name}`")

    def learn(self, value: str) -> None:
        """Take a token received on the way as a secret too."""
        self._seen.add(value)

    def clean(self, text: str) -> str:
        """Return the text without any secret in it."""
        for value in self._seen:
            text = text.replace(value, "•••")
        text = _IN_QUERY.sub(r"\1•••", text)
        text = _IN_HEADER.sub(r"\1•••", text)
        return _IN_HOST.sub(r"\1•••@", text)

    def guard_logs(self) -> None:
        """Put this object between the noisy libraries' loggers and every handler.

        A filter holds for its own logger only, so each gets one. Rasterio's debug lines, of which there are many,
        quote the address of every file it opens: they are turned off.
        """
        rasterio = logging.getLogger("rasterio")
        if rasterio.getEffectiveLevel() < logging.WARNING:
            rasterio.setLevel(logging.WARNING)
        known = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in LIBRARIES]
        for name in {*NOISY, *known}:
            logger = logging.getLogger(name)
            for old in [f for f in logger.filters if isinstance(f, _Cleaner)]:
                logger.removeFilter(old)
            logger.addFilter(_Cleaner(self))


class _Cleaner(logging.Filter):
    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._secrets.clean(record.getMessage()), ()
        return True


def shown(url: str) -> str:
    """Return an address as it may be printed: without user, password and query."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    netloc = f"{host}:{parts.port}" if parts.port else host
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))


def _from_keyring(name: str) -> str | None:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        return None
    try:
        return keyring.get_password(SERVICE, name)
    except keyring.errors.KeyringError:
        return None
