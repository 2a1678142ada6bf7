"""Recorder and ears of one call: mute both, or let both go on, and say from when it is so."""

from __future__ import annotations

from dataclasses import replace

from cti.call.letters import Answer
from cti.conversation import Conversation
from cti.pauses import BY_EMERGENCY, BY_POLICY, is_paused, turned
from cti.world import World
from ivr.errors import SwitchError
from workorder.envelope import call_event


def is_ruled(here: Conversation) -> bool:
    """Whether this call is silent because the line that was called is never recorded."""
    return bool(here.pauses) and here.pauses[-1].by == BY_POLICY


async def turn(world: World, here: Conversation, paused: bool, by: str) -> tuple[Conversation, Answer]:
    """Pause recording and recognition or let them go on; EarsError or SwitchError when it stays as it was."""
    call, limit = here.call, world.longest_pause_seconds
    if paused and not limit and by != BY_POLICY:
        return here, (False, "本系统不允许暂停录音。改法：设置 ears.longest_pause_seconds。")
    if paused == is_paused(here.pauses):
        return here, (True, "录音已经暂停。" if paused else "录音正在进行。")
    if not paused and is_ruled(here) and by != BY_EMERGENCY:
        return here, (False, "这条线路按规定不录音，也不转写，不能恢复。")
    at_s = here.seconds(world.clock.now())  # a pause that begins is as long as can be, one that ends too
    if paused:
        await world.ears.pause(call, True)
    try:
        await _mute(world, here, paused)
    except SwitchError:
        await world.ears.pause(call, is_paused(here.pauses))
        raise
    if not paused:
        await world.ears.pause(call, False)
        at_s = here.seconds(world.clock.now())
    _tell(world, here, paused, by, at_s)
    here = replace(here, pauses=turned(here.pauses, paused, by, at_s))
    if paused and by == BY_POLICY:
        return here, (True, "这条线路按规定不录音，也不转写。")
    return here, (True, f"录音与转写已暂停，最多 {limit} 秒。" if paused else "录音与转写已恢复。")


def _tell(world: World, here: Conversation, paused: bool, by: str, at_s: float) -> None:
    now, data = world.clock.now(), {"by": by, "at_s": round(at_s, 3)}
    world.journal.append(here.call, {"at": now.isoformat(), "paused": paused, **data})
    name = "recording_paused" if paused else "recording_resumed"
    world.publisher.announce(call_event(here.call, name, now, data, round(now.timestamp() * 1_000_000)))


async def _mute(world: World, here: Conversation, muted: bool) -> None:
    """Mute the recorder of every leg; one of them has it. SwitchError when none could be muted."""
    failure, done = SwitchError("没有正在录音的通话方。"), 0
    for channel in tuple(here.legs):
        try:
            await world.switch.mute_recording(channel, muted)
            done += 1
        except SwitchError as error:
            failure = error
    if not done:
        raise failure
