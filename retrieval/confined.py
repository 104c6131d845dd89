"""A process that reads strangers' bytes gives up, first, what it does not need: writing, the network, other files.

Each lock is the kernel's and holds whatever the bytes do. Linux has all of them; where one is missing (an older kernel,
another system) the others remain, and the reader's own rules remain everywhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

_NEW_USERS, _NEW_NETWORK = 0x10000000, 0x40000000
_NO_NEW_PRIVILEGES = 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _READ_FILE, _READ_FOLDER = 1, 4, 8
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""Landlock version → how many rights on files it knows."""
_PATH_RULE = 1


def confine(cpu_s: int, memory_mb: int, readable: Iterable[str | Path]) -> None:
    """Lock this process in, for good: seconds of CPU, MB of memory, no file written, no network, few files read.

    Call it before threads are started.
    """
    if sys.platform == "win32":
        return
    import resource

    cap = memory_mb << 20
    for kind, value in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, cap),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (value, value))
    if sys.platform == "linux":
        _without_network()
        _only_reading(readable)


def _without_network() -> None:
    """Move into a network of its own with nothing in it, not even loopback."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_USERS | _NEW_NETWORK):
        libc.unshare(_NEW_NETWORK)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def _only_reading(readable: Iterable[str | Path]) -> None:
    """Let nothing be opened but, for reading, what lies beneath `readable` (Landlock)."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    rights = max(count for known, count in _FILE_RIGHTS.items() if known <= version)
    rules = _Ruleset((1 << rights) - 1, 3 if version >= 4 else 0)
    size = ctypes.sizeof(rules) if version >= 4 else 8
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    if ruleset < 0:
        return
    for path in readable:
        with contextlib.suppress(OSError):
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            allowed = _READ_FILE | _EXECUTE | (_READ_FOLDER if Path(path).is_dir() else 0)
            rule = _PathBeneath(allowed, folder)
            libc.syscall(_ADD_RULE, ruleset, _PATH_RULE, ctypes.byref(rule), 0)
            os.close(folder)
    libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
