"""The words that callers and units are told by the machine: every one known beforehand, so that its sound is ready.

A sound is named by its words. In the moment of danger nothing is synthesised that somebody waits for; a sound that is
missing is passed over, and the call goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from ivr.flow.prompt import PromptText
from routing.emergency.kinds import Kind
from routing.emergency.policy import Policy

FOLDER = "emergency"
SPEED = 1.25
SECONDS_PER_CHARACTER = 0.22
"""How long our voice takes at this speed; two announcements to one caller must not overlap."""

_SERVICES = {Kind.POLICE: "110报警台", Kind.FIRE: "119消防", Kind.MEDICAL: "120急救", Kind.TRAFFIC: "122交警"}
LEFT = "对方已挂断，正在为您接通工作人员，请不要挂机。"
AGENT_LOST = "工作人员的线路断了，正在为您重新接通，请不要挂机。"


def calling(kind: Kind) -> str:
    return f"正在为您接通{_SERVICES[kind]}，请不要挂机。"


def trying_again(kind: Kind) -> str:
    return f"{_SERVICES[kind]}暂时没有接通，正在换一条线路再呼，请不要挂机。"


def agent_lost(kind: Kind) -> str:
    return f"工作人员的线路断了，仍在为您接通{_SERVICES[kind]}，请不要挂机。"


def unreached(kind: Kind) -> str:
    return f"{_SERVICES[kind]}暂时没有接通，正在为您接通工作人员，请不要挂机。"


def unreached_beside_agent(kind: Kind) -> str:
    return f"{_SERVICES[kind]}暂时没有接通，工作人员还在线上。"


def notice(kind: Kind) -> str:
    """What a unit hears first, before the particulars of the case."""
    return f"这里是12345热线紧急通知，{_SERVICES[kind]}类险情，请立即处置。"


def particulars(why: str, place: str, order: str) -> str:
    """What a unit hears of this case: made while its telephone rings."""
    where = f"地点：{place}。" if place else "地点请听取市民说明。"
    said = f"市民反映：{why}。" if why else ""
    return f"{said}{where}编号：{_digit_by_digit(order)}。"


def _digit_by_digit(order: str) -> str:
    return "".join("零幺二三四五六七八九"[int(each)] if each in "0123456789" else "" for each in order)


def sound_of(words: str) -> str:
    """Return the name of the sound that says these words: lower-case letters and digits after the folder."""
    return f"{FOLDER}/{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def seconds_of(words: str) -> float:
    """Return how long saying these words takes at most."""
    return 0.8 + SECONDS_PER_CHARACTER * len(words)


def words_known(policy: Policy) -> Iterator[str]:
    """Yield everything that a caller or a unit may be told under this policy."""
    yield LEFT
    yield AGENT_LOST
    for kind in Kind:
        for say in (calling, trying_again, agent_lost, unreached, unreached_beside_agent, notice):
            yield say(kind)
    for rule in policy.rules:
        if rule.guide:
            yield rule.guide


def prompts(policy: Policy) -> tuple[PromptText, ...]:
    """Return the sounds to be made before the service takes its first call."""
    return tuple(PromptText(sound_of(words), words, SPEED) for words in dict.fromkeys(words_known(policy)))
