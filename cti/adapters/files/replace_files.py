"""Several files replaced together: all are written beside their places first, so that the change itself is a moment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path


def replace_files(wanted: Mapping[Path, bytes], gone: Iterable[Path] = ()) -> None:
    """Write `wanted` and remove `gone`; OSError, and nothing changed, when the disk does not take them.

    Whoever reads in between sees each file old or new, never half. May be repeated.
    """
    parts: list[tuple[Path, Path]] = []
    try:
        for file, content in wanted.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f".{file.name}.part")
            parts.append((part, file))
            with part.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
    except OSError:
        for part, _ in parts:
            part.unlink(missing_ok=True)
        raise
    for part, file in parts:
        part.replace(file)
    for file in gone:
        file.unlink(missing_ok=True)
    for folder in {file.parent for file in wanted}:
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
