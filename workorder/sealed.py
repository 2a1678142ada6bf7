"""What is left of a sensitive order once its content is sealed: enough to handle it, nothing of what was said."""

from __future__ import annotations

from types import MappingProxyType

from workorder.cities.pack import Pack
from workorder.draft import Draft, Field, FieldName, FieldState

SEALED = "sealed"
"""The reason that stands in a draft whose content lies sealed elsewhere."""
SEALED_TITLE = "敏感工单（内容加密，只有指定的人可以看）"
_LEFT = (FieldName.REQUEST_TYPE, FieldName.CATEGORY, FieldName.UNIT, FieldName.URGENCY)


def is_sealed(draft: Draft) -> bool:
    """Whether this is what is left of a sealed draft."""
    return draft.reasons == (SEALED,)


def husk_of(draft: Draft) -> Draft:
    """Return what may lie open of a sensitive order: its kind and whose it is, no name, number, place or words."""
    fields = {name: draft[name] for name in _LEFT if draft.value(name)}
    left = {name: Field(entry.value, entry.confidence, state=FieldState.CONFIRMED) for name, entry in fields.items()}
    left[FieldName.TITLE] = Field(SEALED_TITLE, 1.0, state=FieldState.CONFIRMED)
    return Draft(draft.call, MappingProxyType(left), (SEALED,), draft.emergency, draft.their_id)


def must_be_sealed(category: str, pack: Pack) -> bool:
    """Whether the city protects this kind of request."""
    known = pack.category(category)
    return known is not None and known.is_protected


def refused_as_secret(code: str, pack: Pack) -> bool:
    """Whether a request was not taken in because it tells secrets: then as little of it as possible is kept open."""
    reason = pack.reason(code)
    return reason is not None and any(word in reason.title for word in ("秘密", "涉密", "隐私"))
