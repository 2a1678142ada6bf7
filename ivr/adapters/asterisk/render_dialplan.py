"""The lines of extensions.conf that depend on settings: called numbers, seats, allowed numbers."""

from __future__ import annotations

from ivr.adapters.asterisk.render_config import CalledNumber, Seat
from ivr.adapters.asterisk.render_numbers import FORBIDDEN_NUMBERS, checked_patterns
from ivr.adapters.asterisk.render_values import UnsafeValueError, digits, name

NET_SOUNDS = {
    "hl/net-wait": "您好，系统正在为您转接人工坐席，请稍候。",
    "hl/net-voicemail": "非常抱歉，人工坐席暂时全忙。请在提示音后留言，说完请按井号键，我们会尽快回拨给您。",
    "hl/net-thanks": "留言已收到，我们会尽快与您联系。感谢您的来电，再见。",
    "hl/net-goodbye": "感谢您的来电，再见。",
    "hl/net-refused": "对不起，无法接通您要的号码。",
}
"""The prompts that the dialplan plays by itself, without the controller: sound name → words to be spoken."""


def called_numbers(numbers: tuple[CalledNumber, ...]) -> str:
    """Return one explicit extension for each number that citizens dial."""
    known = [one.number for one in numbers]
    if len(set(known)) != len(known):
        raise UnsafeValueError(f"被叫号码重复: {', '.join(sorted(known))}")
    lines = []
    for one in numbers:
        number = digits(one.number, "被叫号码")
        flow = name(one.flow, f"被叫号码 {number} 的语音流程") if one.flow else ""
        line = digits(one.original_line, f"被叫号码 {number} 的原热线号码") if one.original_line else ""
        lines.append(f"exten => {number},1,Set(HL_CALLED={number})")
        lines.append(f" same => n,Set(HL_FLOW={flow})")
        lines.append(f" same => n,Set(HL_LINE={line})")
        if one.from_110:
            lines.append(" same => n,Gosub(hl-110,s,1)")
        lines.append(" same => n,Goto(hl-in,s,1)")
    return "\n".join(lines)


def seat_extensions(seats: tuple[Seat, ...]) -> str:
    """Return the extensions by which seats and flows reach a seat, with the hints that show its state."""
    lines = []
    for seat in seats:
        own = name(seat.id, "席位编号")
        lines.append(f"exten => {own},hint,PJSIP/{own}")
        lines.append(f"exten => {own},1,Dial(PJSIP/{own},${{HL_RING}},g)")
        lines.append(" same => n,Return()")
    return "\n".join(lines) or "; 还没有席位"


def seat_numbers(seats: tuple[Seat, ...]) -> str:
    """Return, for the seats' own dialling, one extension for each other seat."""
    owns = [name(seat.id, "席位编号") for seat in seats]
    return "\n".join(f"exten => {own},1,Goto(hl-to-seat,{own},1)" for own in owns) or "; 还没有席位"


def allowed_numbers(patterns: tuple[str, ...]) -> str:
    """Return the allow-list of outbound numbers."""
    lines = [f"exten => {pattern},1,Return()" for pattern in checked_patterns(patterns)]
    return "\n".join(lines) or "; 不允许任何外呼"


def forbidden_numbers() -> str:
    """Return the numbers that no ordinary trunk may dial, as extensions that shadow every pattern."""
    return "\n".join(f"exten => {number},1,Return()" for number in FORBIDDEN_NUMBERS)
