"""A unit is not taken out of the catalogue while orders lie with it: they would be nobody's."""

from __future__ import annotations

from collections.abc import Mapping

from cti.adapters.sql.database import Database
from cti.adapters.sql.order_rows import SqlOrderRows
from cti.file_versions import Files
from ivr.problems import Place, Problem
from workorder.dispatch_file import read_catalogue

CATALOGUE = "catalogue.yaml"


async def orphaned(database: Database, current: Files, wanted: Files) -> tuple[Problem, ...]:
    """Return, for every unit that would go, the orders that still lie with it, and what to do first."""
    gone = sorted(_units(current) - _units(wanted)) if CATALOGUE in wanted else []
    if not gone or not _units(wanted):
        return ()
    held = await SqlOrderRows(database).held_by(gone)
    return tuple(
        Problem(
            Place(CATALOGUE),
            f"“{unit}”手里还有 {count} 张没有办完的工单（{first} 等），不能从目录里删去。",
            "先把它们办完或改派给别的单位（退单、联席会议），再删；只是改名的，新旧两个名称都留着。",
        )
        for unit, (count, first) in held.items()
    )


def _units(files: Mapping[str, str]) -> set[str]:
    catalogue, _ = read_catalogue(files.get(CATALOGUE, ""), CATALOGUE)
    return set(catalogue.units) if catalogue is not None else set()
