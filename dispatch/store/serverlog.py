"""What the embedded server writes into its log, read for the reason why it stopped and for what it cut off at start."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import IO

from dispatch.store.errors import StoreDamagedError, StoreError, StoreStartError

LOG_NAME = "valkey.log"
_LONGEST_LOG = 1 << 20
_MOST_LINES = 1000
_LINE = re.compile(r"^\d+:\S+ .*?\d{2}:\d{2}:\d{2}\.\d+ [#*.-] (?P<said>.*)$")
_CUT = re.compile(r"Truncating the AOF (?P<file>\S+) (?:at offset|to) (?P<offset>\d+)")
_DAMAGED = re.compile(r"Bad file format reading the append only file (?P<file>[^\s:]+)")
_READY = "Ready to accept connections"
_FULL = re.compile(r"No space left on device|File too large|Short write while writing to the AOF|Disk quota exceeded")
_UNREADABLE = re.compile(
    r"AOF manifest|AOF file .* doesn't exist|Wrong signature trying to load DB|Invalid or corrupted|Fatal error loading"
)


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of an append-only file was cut off at start, since its last entry was incomplete.

    Attributes:
        file: its name.
        bytes: how many went; they belong to commits that were never acknowledged.
    """

    file: str
    bytes: int


class ServerLog:
    """What the server says from one start to its end, kept here and, as far as there is room, in a file.

    Args:
        directory: the server's data directory. Its disk may be full just when the server has something to say.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / LOG_NAME
        self._directory = directory
        self._said: list[str] = []
        self._sizes = {file.name: file.stat().st_size for file in directory.glob("appendonlydir/*") if file.is_file()}
        with suppress(OSError):
            if self.path.stat().st_size > _LONGEST_LOG:
                self.path.replace(self.path.with_suffix(".log.1"))

    def follow(self, pipe: IO[bytes]) -> None:
        """Take in what the server writes, until it has ended."""
        with pipe:
            for line in pipe:
                text = line.decode(errors="replace").rstrip()
                self._said.append(match["said"] if (match := _LINE.match(text)) else text)
                if len(self._said) > _MOST_LINES:
                    del self._said[: _MOST_LINES // 2]
                with suppress(OSError), self.path.open("ab", buffering=0) as file:
                    file.write(line)

    def has_started(self) -> bool:
        """Whether the server has said that it is ready; all about its files comes before that."""
        return any(line.startswith(_READY) for line in self._said)

    def said(self) -> list[str]:
        """The last things it has said, without time stamps."""
        return [line for line in self._said if line]

    def cuts(self) -> list[Cut]:
        """What it cut off at this start."""
        found = []
        for line in self.said():
            if match := _CUT.search(line):
                before = self._sizes.get(match["file"], 0)
                found.append(Cut(match["file"], max(0, before - int(match["offset"]))))
        return found

    def reason(self, code: int | None) -> StoreError:
        """Why the server stopped, as an error that says what to do.

        Args:
            code: its exit code, below 0 for a signal.
        """
        lines = self.said()
        text = "\n".join(lines)
        if match := _DAMAGED.search(text):
            file = self._directory / "appendonlydir" / match["file"]
            return StoreDamagedError(
                f"{file} is damaged, and not only at its end. Keep a copy of the folder {file.parent}; then restore a backup, "
                "or let valkey-check-aof --fix cut this file where the damage begins (all later commits in it are lost)"
            )
        if _FULL.search(text):
            free = shutil.disk_usage(self._directory).free // 1024
            return StoreStartError(
                "the store could not write to its disk and stopped; nothing acknowledged is lost. Make room in "
                f"{self._directory} ({free} KiB are free) or, if there is enough, raise the largest size of a file (ulimit -f)"
            )
        if match := _UNREADABLE.search(text):
            told = next(line for line in lines if match[0] in line)
            return StoreDamagedError(
                f"the store in {self._directory} can't be read: {told}. Restore a backup (log: {self.path})"
            )
        ended = f"was ended by {Signals(-code).name}" if code is not None and code < 0 else f"stopped with exit code {code}"
        last = lines[-1] if lines else "nothing"
        return StoreStartError(f"the store's server in {self._directory} {ended}; its last words: {last} (log: {self.path})")
