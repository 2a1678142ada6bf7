"""The door for other systems: a bearer token (or Open311's api_key), a pace for each, no cookies, no sessions."""

from __future__ import annotations

from fastapi import Request

from cti.adapters.files.partner_file import PartnerFile
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import refused
from cti.adapters.web.pace import Pace
from cti.adapters.web.sessions import address_of
from cti.partners import Partner, partner_of

PER_MINUTE = 120
WRONG_PER_MINUTE = 20


class PartnerDoor:
    """Says whose request it is; 401 for nobody's, 403 for what they may not, 429 for too much."""

    def __init__(self, deps: PagesDeps) -> None:
        self._file = PartnerFile(deps.orders.partners)
        self._pace = Pace(PER_MINUTE, deps.clock.monotonic)
        self._wrong = Pace(WRONG_PER_MINUTE, deps.clock.monotonic)

    def admit(self, request: Request, may: str, api_key: str = "") -> Partner:
        """Return the partner."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else api_key
        partner = partner_of(given, self._file.partners()) if given else None
        if partner is None:
            if not self._wrong.allows(address_of(request)):
                raise refused(429)
            raise refused(401, "没有令牌，或令牌不对。改法：请管理员用 hotline partner add 登记", "no_token")
        if may not in partner.may:
            raise refused(403, "这个令牌没有这项权限。改法：请管理员重新登记", "not_allowed")
        if not self._pace.allows(partner.name):
            raise refused(429)
        return partner
