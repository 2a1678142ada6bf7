"""Who saw or changed what (审计): a person with a role, and the row that every view of personal data leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in: a name that the audit trail keeps, and a role, which decides what is masked."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act. `subject` is a call id, an order number or what else was looked at; `detail` plain JSON, masked."""

    at: datetime
    person: Person
    action: str
    subject: str
    detail: Mapping[str, object] = field(default_factory=dict)
