"""The pages as one application: security around it, a router per topic, the built pages last."""

from __future__ import annotations

from fastapi import FastAPI

from cti.adapters.web import (
    booking_page,
    citizen,
    routes_admin,
    routes_alerts,
    routes_bulletins,
    routes_calls,
    routes_cameras,
    routes_campaigns,
    routes_cases,
    routes_city,
    routes_city_reports,
    routes_collector,
    routes_do,
    routes_evidence,
    routes_exports,
    routes_faults,
    routes_flows,
    routes_identity,
    routes_information,
    routes_knowledge,
    routes_live,
    routes_merchants,
    routes_mode,
    routes_oidc,
    routes_open311,
    routes_order_acts,
    routes_order_exports,
    routes_order_files,
    routes_order_lists,
    routes_order_marks,
    routes_orders,
    routes_partner,
    routes_quality,
    routes_session,
    routes_sip,
    routes_supervisor,
    routes_unit_systems,
    routes_units,
    routes_users,
    routes_vocabulary,
    static,
)
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import tell_errors
from cti.adapters.web.security import Guard

__all__ = ["PagesDeps", "pages_app"]

TOPICS = (
    routes_session.routes,
    routes_oidc.routes,
    routes_live.routes,
    routes_do.routes,
    routes_calls.routes,
    routes_sip.routes,
    routes_orders.routes,
    routes_order_acts.routes,
    routes_order_files.routes,
    routes_identity.routes,
    routes_order_exports.routes,
    routes_order_lists.routes,
    routes_order_marks.routes,
    routes_cameras.routes,
    routes_cases.routes,
    routes_city.routes,
    routes_city_reports.routes,
    routes_collector.routes,
    routes_merchants.routes,
    routes_campaigns.routes,
    routes_units.routes,
    routes_partner.routes,
    routes_unit_systems.routes,
    routes_open311.routes,
    routes_knowledge.routes,
    routes_alerts.routes,
    citizen.routes,
    booking_page.routes,
    routes_flows.routes,
    routes_admin.routes,
    routes_users.routes,
    routes_vocabulary.routes,
    routes_supervisor.routes,
    routes_mode.routes,
    routes_faults.routes,
    routes_quality.routes,
    routes_exports.routes,
    routes_evidence.routes,
    routes_bulletins.routes,
    routes_information.routes,
)
"""One router per topic, each `routes(deps) -> APIRouter`; add yours here."""


def pages_app(deps: PagesDeps) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="hotline12345", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.state.deps = deps
    tell_errors(app)
    for topic in TOPICS:
        app.include_router(topic(deps))
    app.include_router(static.routes())
    pages = deps.settings.pages
    app.add_middleware(Guard, address=pages.address, is_secure=pages.is_secure, monotonic=deps.clock.monotonic)
    return app
