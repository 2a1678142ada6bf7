"""What may be attached to an order: a few kinds of files, told by their content and not by their names."""

from __future__ import annotations

import io
import re
import zipfile

MOST_BYTES = 10 * 1024 * 1024
_MOST_UNPACKED = 200 * 1024 * 1024
_MOST_ENTRIES = 2000
KINDS = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"} | {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_ACTIVE_PDF = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFile|OpenAction|RichMedia|XFA)\b")
_REMEDY = f"改法：可以传 {'、'.join(KINDS)}，每个不超过 {MOST_BYTES // 1024 // 1024} MB"


def safe_name(name: str) -> str:
    """Return a file's name as it may be shown and saved: without folders, control characters and leading dots."""
    last = re.split(r"[/\\]", name)[-1]
    clean = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*').strip(" .")
    stem, dot, kind = clean.rpartition(".")
    return f"{stem[:80]}{dot}{kind[:8]}" if dot else clean[:80]


def wrong_file(name: str, content: bytes) -> str:
    """Return what is wrong with a file, with the remedy; empty when it may be kept."""
    kind = name.rpartition(".")[2].lower()
    if kind not in KINDS:
        return f"不收这种文件。{_REMEDY}"
    if not content:
        return f"文件是空的。{_REMEDY}"
    if KINDS[kind] == "image/jpeg":
        fits = content.startswith(b"\xff\xd8\xff")
    elif kind == "png":
        fits = content.startswith(b"\x89PNG\r\n\x1a\n")
    elif kind == "pdf":
        fits = content.startswith(b"%PDF-")
        if fits and _ACTIVE_PDF.search(content):
            return "PDF 里有脚本或内嵌的程序，不能收。改法：重新打印成 PDF 再传"
    else:
        return _wrong_office(kind, content)
    return "" if fits else f"文件的内容不是 {kind}。{_REMEDY}"


def _wrong_office(kind: str, content: bytes) -> str:
    part = "word/document.xml" if kind == "docx" else "xl/workbook.xml"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            entries = packed.infolist()
            names = {each.filename for each in entries}
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return f"文件的内容不是 {kind}。{_REMEDY}"
    if len(entries) > _MOST_ENTRIES or sum(each.file_size for each in entries) > _MOST_UNPACKED:
        return "文件打开后太大。改法：拆成几个文件再传"
    if part not in names or "[Content_Types].xml" not in names:
        return f"文件的内容不是 {kind}。{_REMEDY}"
    if any("vbaproject" in each.lower() or each.lower().endswith((".bin", ".exe", ".js")) for each in names):
        return "文件里有宏或内嵌的程序，不能收。改法：另存为不带宏的文件再传"
    return ""
