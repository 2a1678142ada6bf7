"""What a report may be written as, and how each form is called on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from cti.adapters.files.report_excel import excel_of_report
from cti.adapters.files.report_html import html_of
from cti.adapters.files.report_pdf import pdf_of_report
from workorder.reports.report import Report

FORMS: Mapping[str, Callable[[Report, Sequence[str]], bytes]] = MappingProxyType(
    {"html": html_of, "xlsx": excel_of_report, "pdf": pdf_of_report}
)
"""Writes a report, with what stands at its foot."""

MEDIA: Mapping[str, str] = MappingProxyType(
    {
        "html": "text/html; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pdf": "application/pdf",
        "wav": "audio/wav",
    }
)
