"""The lines of queues.conf: one section for each queue."""

from __future__ import annotations

from ivr.adapters.asterisk.render_config import QueueConfig
from ivr.adapters.asterisk.render_queue_names import switch_queue
from ivr.adapters.asterisk.render_values import UnsafeValueError, between, name, one_of, queue, text

_STRATEGIES = ("ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "linear", "wrandom")
_EMPTY = ("yes", "no", "strict", "loose")


def queue_sections(queues: tuple[QueueConfig, ...]) -> str:
    """Return queues.conf's sections; UnsafeValueError when a queue is named twice or a value is out of bounds."""
    names = [one.name for one in queues]
    if len(set(names)) != len(names):
        raise UnsafeValueError(f"队列名称重复: {', '.join(sorted(names))}")
    return "\n\n".join(_section(one) for one in queues)


def exit_contexts(queues: tuple[QueueConfig, ...]) -> str:
    """Return, for each queue that callers may leave by a key, the dialplan context with exactly those keys."""
    return "\n\n".join(_exit_context(one) for one in queues if one.exit_keys)


def exit_context_name(one: QueueConfig) -> str:
    """Return the context that app_queue looks a pressed key up in."""
    return f"hl-leave-{queue(one.name, '队列名称')}"


def _section(one: QueueConfig) -> str:
    what = f"队列 {one.name[:40]}"
    lines = [
        f"[{switch_queue(queue(one.name, '队列名称'))}](queue)",
        f"strategy={one_of(one.strategy, _STRATEGIES, f'{what} 的分配策略')}",
        f"timeout={between(one.ring_seconds, 3, 120, f'{what} 的振铃秒数')}",
        f"retry={between(one.retry_seconds, 0, 60, f'{what} 的重试间隔')}",
        f"wrapuptime={between(one.wrapup_seconds, 0, 3600, f'{what} 的话后秒数')}",
        f"weight={between(one.weight, 0, 1000, f'{what} 的权重')}",
        f"maxlen={between(one.most_waiting, 0, 10000, f'{what} 的最大排队数')}",
        f"joinempty={_empty(one.join_empty, what)}",
        f"leavewhenempty={_empty(one.leave_when_empty, what)}",
        f"musicclass={name(one.music, f'{what} 的等待音乐')}",
        f"servicelevel={between(one.service_level_seconds, 1, 600, f'{what} 的服务水平秒数')}",
        f"penaltymemberslimit={between(one.penalty_limit, 0, 1000, f'{what} 的席位权重门限')}",
        f"announce-position={'yes' if one.announce_position else 'no'}",
    ]
    if one.announce_seconds and one.announce_sound:
        lines.append(f"periodic-announce={text(one.announce_sound, f'{what} 的等待提示')}")
        lines.append(f"periodic-announce-frequency={between(one.announce_seconds, 10, 3600, f'{what} 的提示间隔')}")
    if one.exit_keys:
        lines.append(f"context={exit_context_name(one)}")
    return "\n".join(lines)


def _exit_context(one: QueueConfig) -> str:
    what = f"队列 {one.name[:40]} 的退出键"
    keys = [one_of(key, tuple("0123456789*#"), what) for key in one.exit_keys]
    lines = [f"exten => {key},1,Set(HL_KEY={key})\n same => n,Goto(hl-left,s,1)" for key in dict.fromkeys(keys)]
    return "\n".join([f"[{exit_context_name(one)}]", *lines])


def _empty(value: str, what: str) -> str:
    """`yes`, `no`, `strict`, `loose`, or Asterisk's list of member states joined by commas."""
    states = ("paused", "penalty", "inuse", "ringing", "unavailable", "invalid", "unknown", "wrapup")
    for word in value.split(","):
        one_of(word, _EMPTY + states, f"{what} 的空队列规则")
    return value
