"""The manager actions we use, their headers, and what an argument of ours may look like: all else is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ivr.errors import UnsafeHeaderError

HEADERS_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "Login": frozenset({"Username", "Secret", "Events"}),
        "Logoff": frozenset[str](),
        "Ping": frozenset[str](),
        "CoreShowChannels": frozenset[str](),
        "QueueStatus": frozenset({"Queue", "Member"}),
        "QueueAdd": frozenset({"Queue", "Interface", "MemberName", "Penalty", "Paused", "StateInterface"}),
        "QueueRemove": frozenset({"Queue", "Interface"}),
        "QueuePause": frozenset({"Queue", "Interface", "Paused", "Reason"}),
        "QueueChangePriorityCaller": frozenset({"Queue", "Caller", "Priority", "Immediate"}),
        "QueueReload": frozenset({"Queue", "Members", "Rules", "Parameters"}),
        "ControlPlayback": frozenset({"Channel", "Control"}),
        "Setvar": frozenset({"Channel", "Variable", "Value"}),
        "Originate": frozenset(
            {"Channel", "ChannelId", "Application", "Data", "Context", "Exten", "Priority"}
            | {"CallerID", "Variable", "Timeout", "Async"}
        ),
        "Redirect": frozenset({"Channel", "Context", "Exten", "Priority"}),
        "Hangup": frozenset({"Channel", "Cause"}),
        "MixMonitorMute": frozenset({"Channel", "Direction", "State"}),
    }
)
"""Action → its headers (ActionID is always there). No Command, System, AGI, UpdateConfig: we never need them."""

APPLICATIONS = frozenset({"BridgeAdd", "ChanSpy", "ConfBridge", "Playback", "Wait"})
"""What a leg of ours may run once answered: nothing that calls anybody else."""

LANDINGS = frozenset({"hl-join", "hl-back", "hl-monitor", "hl-call"})
"""Where in the dialplan a leg of ours may go on once answered."""

_CHANNEL = re.compile(r"[A-Za-z]+/[A-Za-z0-9_.@:+/()\[\];-]{1,120}")
_TARGET = re.compile(
    r"PJSIP/[0-9]{2,8}|PJSIP/[0-9]{2,20}@emergency(?:-2)?"
    r"|Local/[0-9]{5,20}@hl-notice/n|Local/[0-9]{3,20}@hl-third/n|Local/[0-9a-z]{1,40}@hl-say/n"
)
_CHANNEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_VARIABLE = re.compile(
    r"[A-Z_][A-Z0-9_]{0,79}|TIMEOUT\(absolute\)|PJSIP_HEADER\(add,(?:X-[A-Za-z0-9-]{1,60}|Call-Info|Geolocation(?:-Routing)?)\)"
)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,79}")
_CONTEXT = re.compile(r"hl-[a-z-]{1,60}")
_SEAT = re.compile(r"[0-9]{2,8}")


def channel(text: str) -> str:
    """Return a channel name or dial target that cannot be more than one argument."""
    return _checked(_CHANNEL, text, "channel")


def target(text: str) -> str:
    """Return whom a leg of ours may call: a seat, or a number on an emergency trunk; never the carrier's trunk itself.

    Places of the dialplan besides: a unit's duty telephone or a third for a caller, through `hl-out` alone, and a
    sound that is said.
    """
    return _checked(_TARGET, text, "target")


def dialled(target: str) -> str:
    """Return what a target dials, as `PJSIP/…`, for whoever guards numbers; empty for a sound, which dials nobody."""
    if not target.startswith("Local/"):
        return target
    number, _, context = target.removeprefix("Local/").partition("@")
    return "" if context == "hl-say/n" else f"PJSIP/{number}"


def dialled_then(place: str) -> str:
    """Return what the dialplan will dial for a leg that goes on at `context,extension`, as `PJSIP/…`; empty: nobody."""
    context, _, extension = place.partition(",")
    return f"PJSIP/{extension}" if context == "hl-call" else ""


def channel_id(text: str) -> str:
    """Return an id that we may give a new channel."""
    return _checked(_CHANNEL_ID, text, "channel id")


def variable(name: str) -> str:
    """Return the name of a channel variable we may set: ours, the lease, or a header of our own on an outgoing leg."""
    return _checked(_VARIABLE, name, "variable")


def name(text: str) -> str:
    """Return the name of a queue, a seat, a context or an extension."""
    return _checked(_NAME, text, "name")


def context(text: str) -> str:
    """Return the name of a context of ours; where seats and trunks come in, numbers are dialled, so not those."""
    return _checked(_CONTEXT, text, "context")


def landing(text: str) -> str:
    """Return the context in which a leg of ours may go on."""
    if text not in LANDINGS:
        raise UnsafeHeaderError(f"the context {text[:40]!r} is not one where our legs go on")
    return text


def seat(text: str) -> str:
    """Return the number of a seat; a trunk's name is none."""
    return _checked(_SEAT, text, "seat")


def application(text: str) -> str:
    """Return an application that a leg of ours may run."""
    if text not in APPLICATIONS:
        raise UnsafeHeaderError(f"the application {text[:40]!r} is not one we start")
    return text


def assignment(variable_name: str, value: str) -> str:
    """Return `NAME=value` for Originate, whose Variable header Asterisk cuts like application arguments."""
    escaped = "".join(f"\\{character}" if character in '\\,"()' else character for character in value)
    return f"{variable(variable_name)}={escaped}"


def _checked(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.fullmatch(text):
        raise UnsafeHeaderError(f"not a {what}: {text[:60]!r}")
    return text
