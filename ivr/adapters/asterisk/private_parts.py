"""The external programs this project needs, declared: their names, which versions fit, where they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Literal

Version = tuple[int, ...]


class PartName(StrEnum):
    """The programs, by the name under which they are asked for."""

    ASTERISK = "asterisk"
    MOSQUITTO = "mosquitto"
    ESPEAK = "espeak-ng"
    POSTGRESQL = "postgresql"
    SIPP = "sip-tester"
    CHROMIUM = "chromium"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to find or fetch one part.

    `programs` maps a program to where its package puts it, relative to the package's root; `{multiarch}` is the
    machine's library folder name. `suite` empty: the machine's own Debian (or Ubuntu) release; a part from any other
    suite brings its own C library and is started through its own loader.
    """

    name: PartName
    purpose: str
    programs: Mapping[str, str]
    packages: tuple[str, ...]
    system_least: Version
    private_least: Version
    suite: str = ""
    version_arguments: tuple[str, ...] = ("--version",)
    module_folder: str = ""
    extra_files: tuple[str, ...] = ()
    system_globs: tuple[str, ...] = ()
    folders: Mapping[str, str] = field(default_factory=dict)
    by_hand: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A program that is there to be run.

    `commands` maps each program to the argument vector that starts it (a private Asterisk is started through its own
    loader, so this may be several words); `env` must be added to the environment; `folders` are the recipe's.
    """

    name: PartName
    version: str
    origin: Literal["system", "private"]
    root: Path
    commands: Mapping[str, tuple[str, ...]]
    env: Mapping[str, str]
    folders: Mapping[str, Path]

    @property
    def command(self) -> tuple[str, ...]:
        """The argument vector of the part's first program."""
        return next(iter(self.commands.values()))


RECIPES: Mapping[PartName, Recipe] = MappingProxyType(
    {
        PartName.ASTERISK: Recipe(
            PartName.ASTERISK,
            "电话交换机 Asterisk",
            {"asterisk": "usr/sbin/asterisk"},
            ("asterisk", "asterisk-modules", "asterisk-config", "libc6"),
            system_least=(20,),
            private_least=(22, 7),
            suite="sid",
            version_arguments=("-V",),
            module_folder="usr/lib/{multiarch}/asterisk/modules",
            extra_files=("usr/share/asterisk/documentation/core-en_US.xml",),
            folders={"modules": "usr/lib/{multiarch}/asterisk/modules", "data": "usr/share/asterisk"},
            by_hand="请用系统包管理器或源码安装 Asterisk 20 以上版本(推荐 22.7 以上), 并确认 asterisk -V 可以运行",
        ),
        PartName.MOSQUITTO: Recipe(
            PartName.MOSQUITTO,
            "消息代理 mosquitto",
            {"mosquitto": "usr/sbin/mosquitto", "mosquitto_passwd": "usr/bin/mosquitto_passwd"},
            ("mosquitto",),
            system_least=(2,),
            private_least=(2,),
            version_arguments=("-h",),
            system_globs=("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"),
            by_hand="请安装 mosquitto 2.0 以上版本(Debian/Ubuntu: apt install mosquitto)",
        ),
        PartName.ESPEAK: Recipe(
            PartName.ESPEAK,
            "语音合成 espeak-ng",
            {"espeak-ng": "usr/bin/espeak-ng"},
            ("espeak-ng", "espeak-ng-data", "libespeak-ng1"),
            system_least=(1, 50),
            private_least=(1, 50),
            folders={"data": "usr/lib/{multiarch}/espeak-ng-data", "libraries": "usr/lib/{multiarch}"},
            by_hand="请安装 espeak-ng(Debian/Ubuntu: apt install espeak-ng)",
        ),
        PartName.POSTGRESQL: Recipe(
            PartName.POSTGRESQL,
            "数据库 PostgreSQL(仅测试用)",
            {
                "postgres": "usr/lib/postgresql/*/bin/postgres",
                "initdb": "usr/lib/postgresql/*/bin/initdb",
                "pg_ctl": "usr/lib/postgresql/*/bin/pg_ctl",
            },
            ("postgresql-15|postgresql-17|postgresql-16|postgresql-18|postgresql-14",),
            system_least=(13,),
            private_least=(13,),
            system_globs=("/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres"),
            by_hand="请安装 PostgreSQL 13 以上版本的服务器(Debian/Ubuntu: apt install postgresql)",
        ),
        PartName.SIPP: Recipe(
            PartName.SIPP,
            "话务发生器 sipp(仅压力测试用)",
            {"sipp": "usr/bin/sipp"},
            ("sip-tester",),
            system_least=(3, 6),
            private_least=(3, 6),
            version_arguments=("-v",),
            by_hand="请安装 sipp(Debian/Ubuntu: apt install sip-tester)",
        ),
        PartName.CHROMIUM: Recipe(
            PartName.CHROMIUM,
            "浏览器 Chromium(仅测试用)",
            {"chromium": "usr/lib/chromium/chromium"},
            ("chromium", "chromium-common", "libnss3", "libatomic1", "fonts-wqy-microhei|fonts-droid-fallback"),
            system_least=(120,),
            private_least=(120,),
            # Loaded by name while it runs, so that no file says that it is needed.
            extra_files=("usr/lib/chromium/chrome_crashpad_handler", "usr/lib/{multiarch}/**/libsoftokn3.so"),
            folders={"fonts": "usr/share/fonts"},
            by_hand="请安装 Chromium 120 以上版本和一种中文字体(Debian: apt install chromium fonts-wqy-microhei)",
        ),
    }
)


def version_of(text: str) -> Version:
    """Return the first dotted number in a program's or package's version text; (0,) when there is none."""
    without_epoch = text.split(":", 1)[1] if re.match(r"\d+:", text) else text
    found = re.search(r"\d+(?:\.\d+)+|\d+", without_epoch)
    return tuple(int(number) for number in found.group().split(".")) if found else (0,)
