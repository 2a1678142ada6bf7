"""Which shared libraries a program or module asks for, read from the file itself (no readelf needed)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NEEDED, _DT_STRTAB = 1, 5
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_ENTRY = struct.Struct("<qQ")


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def needed_libraries(file: Path) -> tuple[str, ...]:
    """Return the sonames that a 64-bit little-endian ELF file needs; nothing for any other file."""
    content = file.read_bytes()
    if len(content) < _HEADER.size or content[:6] != b"\x7fELF\x02\x01":
        return ()
    header = _HEADER.unpack_from(content)
    table_at, entry_size, entries = header[5], header[9], header[10]
    segments = tuple(_segment(content, table_at + index * entry_size) for index in range(entries))
    dynamic = next((segment for segment in segments if segment.kind == _PT_DYNAMIC), None)
    if dynamic is None:
        return ()
    names: list[int] = []
    strings_at = 0
    for at in range(dynamic.offset, dynamic.offset + dynamic.size, _ENTRY.size):
        tag, value = _ENTRY.unpack_from(content, at)
        if tag == 0:
            break
        if tag == _DT_NEEDED:
            names.append(value)
        elif tag == _DT_STRTAB:
            strings_at = _file_offset(segments, value)
    return tuple(_text(content, strings_at + name) for name in names)


def missing_libraries(files: tuple[Path, ...], folders: tuple[Path, ...]) -> dict[str, Path]:
    """Return each soname that `files` and their libraries need and no folder holds, with one file that needs it."""
    missing: dict[str, Path] = {}
    seen: set[str] = set()
    todo = list(files)
    while todo:
        file = todo.pop()
        for name in needed_libraries(file):
            if name in seen:
                continue
            seen.add(name)
            found = next((folder / name for folder in folders if (folder / name).is_file()), None)
            if found is None:
                missing[name] = file
            else:
                todo.append(found)
    return missing


def _segment(content: bytes, at: int) -> _Segment:
    kind, _flags, offset, address, _physical, size, _memory, _align = _SEGMENT.unpack_from(content, at)
    return _Segment(kind, offset, address, size)


def _file_offset(segments: tuple[_Segment, ...], address: int) -> int:
    for segment in segments:
        if segment.kind == _PT_LOAD and segment.address <= address < segment.address + segment.size:
            return segment.offset + address - segment.address
    return address


def _text(content: bytes, at: int) -> str:
    return content[at : content.index(b"\0", at)].decode("ascii", "replace")
