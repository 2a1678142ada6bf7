"""The files of a small district: two grids, two components, two collectors, its people by number, two cameras."""

from __future__ import annotations

from pathlib import Path

GRIDS = """\
grid_map: 1
grids:
  - id: XH-01
    name: 西湖一网格
    street: 西湖街道
    head: 张网格
    building_heads: [李楼长, 王院长]
    areas: [供排水管理范围]
    corners: ["103.70,36.00", "103.80,36.00", "103.80,36.10", "103.70,36.10"]
  - id: XY-01
    name: 西园一网格
    street: 西园街道
    head: 赵网格
    corners: ["103.80,36.00", "103.90,36.00", "103.90,36.10", "103.80,36.10"]
"""
ASSETS = """\
asset_register: 1
assets:
  - {id: YS-0001, matter: 雨水井盖, name: 武威路雨水井盖, at: "103.75,36.05", owner: 规划建设局}
  - id: YS-0002
    matter: 雨水井盖
    at: "103.7501,36.05"
    owner: 规划建设局
    maintained_by: 公投集团
    valid_until: "2026-12-31"
"""
COLLECTORS = """\
collector_roster: 1
retention_days: 30
notice: {version: "1", text: 值勤时段内采集您的位置，只用于核对巡查，保存三十天。}
collectors:
  - {id: C01, name: 采集员甲, company: 采集公司, partner: 采集器, grids: [XH-01], hours: "00:00-23:59"}
  - {id: C02, name: 采集员乙, company: 采集公司, partner: 采集器, grids: [XY-01], hours: "02:00-03:00"}
"""
POPULATION = """\
population: 1
day: "2026-10-31"
grids:
  - {grid: XH-01, households: 1250, residents: 3200, migrants: 410}
"""
CAMERAS = """\
video_places: 1
cameras:
  - {id: GA-0001, at: "103.7512,36.05", place: 武威路口, owner: 公安局}
  - {id: GA-0002, at: "103.7900,36.05", place: 别处, owner: 公安局}
"""
FILES = {
    "grids.yaml": GRIDS,
    "assets.yaml": ASSETS,
    "collectors.yaml": COLLECTORS,
    "population.yaml": POPULATION,
    "cameras.yaml": CAMERAS,
}


def write_city(folder: Path, **files: str) -> Path:
    """Write the files of the digital city into a data folder; `grids=…` takes the place of one."""
    here = folder / "digital_city"
    here.mkdir(parents=True, exist_ok=True)
    for name, text in (FILES | {f"{stem}.yaml": text for stem, text in files.items()}).items():
        (here / name).write_text(text, encoding="utf-8")
    return here
