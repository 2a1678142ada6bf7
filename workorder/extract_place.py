"""Where it is, as the caller says it: a chain of names with a suffix (路, 小区), house numbers, landmarks and 旁边."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from routing.classify.matcher import Matcher
from workorder.extract import HIDDEN, Found
from workorder.extract_place_stops import STOP_WORDS
from workorder.extract_place_tail import with_tail
from workorder.extract_place_words import (
    DIRECTION,
    GAP,
    GENERIC,
    HOUSE,
    LANDMARK,
    NAMED,
    STOP_ENDING,
    STOPS,
    SUFFIX,
    TERRAIN,
)

_SOFT_STOP = frozenset("都到去太会经来过住于能对出用以条老当像离挨啊吧")
"""Ends a name too, unless fewer than two characters of it have been read: 武都路, 太华路, 会宁路 are names."""
_BEGINS_NAMES = frozenset(["老干", "老年", "老城", "会展", "会馆", "太平", "太阳", "太和", "经开", "经纬", "能源"])
"""老干局家属院, 会展中心: two characters that begin a name although the first of them mostly ends one."""
_OWNERS = frozenset(["公司", "单位"])
_OWNED = ("家属", "宿舍", "大院", "老院")
"""五建公司家属院: a company's name stands before its houses."""
_CUE = re.compile(r"(?:地址是?|位置是?|位于|住在|家住|家在|就在|在|地点是?|坐落在|发生在)$")
_UNIQUE = frozenset(["火车站", "高铁站", "汽车站", "客运站", "机场", "政务大厅", "火车站广场"])
_STATION = re.compile(r".*[国省县乡]道.*|(?:汽车|火车|高铁|长途|客运)[东西南北总新老]{1,2}站")
_UNKNOWN = re.compile(
    rf"(?:^|(?<=[，。,.在到是住{HIDDEN}]))(?:我们|我家|我们家|咱们|我住|户口在|听说|有人|有个|就在?)?(?P<name>[\u4e00-\u9fff]{{2,7}}?)"
    r"(?=那[条个座片段排棵栋处块家儿里]|跟前|那边|那一片|这边|附近|对面|旁边|后面|前面|东边|西边|"
    r"南边|北边|下面|上面|底下|"
    r"里面|里头|路口|巷子|大桥|桥头|门[口前外]|大门|[东南西北](?:[门口侧头边]|院?墙)|楼[下顶上]|斜对面|桥洞|边上)"
)
_HOME = re.compile(rf"(?![大全自国回人农一在这])[\u4e00-\u9fff]家[大小东西上下新老]?[{TERRAIN}山关堡墩]")
_ESTATE = frozenset(TERRAIN + "苑园城邸府庭里居院区郡")
_UNIT_OF_HOUSE = re.compile(r"\d{1,2}单元|[一二三四五六七八九十]{1,2}单元")
"""锦绣江南|6栋|1单元: so exact an address begins with the name of the estate."""
_VERB_ROAD = frozenset(["挡路", "堵路", "占路", "拦路", "绕路", "让路", "修路", "铺路", "问路", "赶路"])
_NO_NAME = frozenset(["马路", "公路", "道路", "铁路", "走路", "让路", "修路", "一路"])
_BEFORE_ONE = "东西南北中山放民利谊京海新兴业园八七五经纬"
_ALL_THE_WAY = re.compile(rf"[^{_BEFORE_ONE}]一路")
_OPENING = re.compile(rf"^(?P<name>[\u4e00-\u9fff]{{2,4}})(?={HIDDEN})")
"""A call that opens with two to four characters and a time: 庙滩子|整改以后 …"""
_LAND = re.compile(
    rf"(?:^|(?<=[，。在到住{HIDDEN}]))(?:我们|我家|就|户口在)?(?P<name>[\u4e00-\u9fff]{{1,4}}(?:[{TERRAIN}墩口]|[洞滩堡坪岭台湾嘴]子))"
    r"(?=[有的那这门停没又一全整]|联通|移动|电信|广电|公投|电视|自来水|路灯|变压|$|\x01)"
)
_LONGEST = 60
_LONG_NAMED = frozenset(["街道", "社区", "小区", "家属院", "幼儿园"])
"""Names of these have two characters at least: 等街道|派车 is none."""
_DEMONSTRATIVES = frozenset("们这那个条全本我咱")
"""我们小区|翰林华府: what stands after these names nothing."""
_PLACE_ENDS = frozenset(TERRAIN + "苑园城邸府庭居院区郡厂店馆厅场站楼塔寺庙亭阁宫门桥湖山广都汇轩座")
_NEAR_STRONG = re.compile(
    r"(?:[大正后侧]?门[口前外]|斜?对[面过]|旁边|边上|隔壁|附近|跟前|背后|后[面边头]|前[面边头]|楼[下上顶]|里[面边头]|"
    r"底下|下面|[东南西北]{1,2}[门角侧边头]|大门|后门|路口|十字)(?![牌贴上下])"
)
_AT = re.compile(
    r"在(?P<name>[\u4e00-\u9fff]{2,7}?)(?=被|买|吃|看见|看到|碰|遇|摔|等车|打车|坐车|停车|上班|上学|干活|打工|办[理了的]|丢|捡|让|把|摔|骑车|走路|买|修|"
    r"让人|给人|租[了的房]|开了|工作|跳舞|遛|散步|施工|修|排队|坐|等)"
)
"""在南门口|被扣了."""
_VALLEY = re.compile(
    rf"(?P<name>[\u4e00-\u9fff]{{2}}[{TERRAIN}山](?<![^楼]楼)(?<!河水营村))(?=的(?![人时路那]|一)|那[个条边]|\d{{1,2}}[社组队]|[一二三四五六七八九十]{{1,2}}[社组队](?!区))"
)
"""朝阳沟|的小化工厂, 朝阳沟|二社: names of the land, with what follows them."""


class _Piece(NamedTuple):
    begin: int
    end: int
    weight: float
    kind: str


def find_places(text: str, gazetteer: Matcher | None = None, names: Sequence[str] = ()) -> tuple[Found, ...]:
    """Return places, best first; `text` has names, times and numbers of telephones hidden.

    `gazetteer` finds the deployer's own place names (`names`), which count more than any suffix. Linear in the length.
    """
    pieces = _pieces(text, gazetteer)
    chains: list[list[_Piece]] = []
    for piece in pieces:
        if chains and _joins(text, chains[-1], piece):
            if piece.end > chains[-1][-1].end or piece.weight > chains[-1][-1].weight:
                chains[-1].append(piece)
        else:
            chains.append([piece])
    found = [each for chain in chains if (each := _found(text, chain)) is not None]
    found.sort(key=lambda each: (-each.confidence, each.begin))
    return tuple(found)


def _pieces(text: str, gazetteer: Matcher | None) -> list[_Piece]:
    """Return everything that may be part of a place, in order."""
    pieces: list[_Piece] = []
    if gazetteer is not None:
        pieces.extend(_Piece(hit.begin, hit.end, 3.5, "gazetteer") for hit in gazetteer.find(text))
    floor = 0
    for match in SUFFIX.finditer(text):
        kind = int((match.lastgroup or "s0")[1:])
        _, reach, weight = NAMED[kind]
        begin = _name_begin(text, match.start(), max(floor, match.start() - reach))
        if text[match.start() - 1 : match.end()] in _VERB_ROAD:
            continue
        if _ALL_THE_WAY.search(text, max(0, match.start() - 2), match.end()):
            continue
        name = text[begin : match.end()]
        if name in _UNIQUE or _STATION.fullmatch(name):
            weight = 1.6
        elif name == match.group() or name in GENERIC:
            follows = bool(pieces) and pieces[-1].kind == "named" and pieces[-1].end == begin > pieces[-1].begin
            weight = 1.2 if follows else 0.6
        elif _names_no_road(name) or (len(name) < 4 and match.group() in _LONG_NAMED):
            weight = 0.6
        pieces.append(_Piece(begin, match.end(), weight, "named"))
        floor = match.end()
    pieces.extend(
        _Piece(begin, match.end(), 2.4, "terrain")
        for match in re.finditer(
            rf"[\u4e00-\u9fff](?:家|里)[大小东西上下新老]?[{TERRAIN}山关堡墩](?!具|长|里人)(?:新村|新区|[村镇乡])?",
            text,
        )
        if (begin := match.start()) >= 0
        and match.group()[0] not in STOPS | {"一", "大", "全", "自", "国", "回", "人", "农", "在", "这"}
    )
    pieces.extend(_Piece(*match.span(), 2.0, "terrain") for match in _BARE_TERRAIN.finditer(text))
    for match in HOUSE.finditer(text):
        pieces.append(_Piece(*match.span(), 1.2, "house"))
        if "号" in match.group() or (
            match.group()[-1] in "栋幢座"
            and (text[match.start() - 1 : match.start()] in _ESTATE or _UNIT_OF_HOUSE.match(text, match.end()))
        ):
            begin = _name_begin(text, match.start(), max(0, match.start() - 6))
            if match.start() - begin >= 2:
                pieces.append(_Piece(begin, match.end(), 2.2, "named"))
    pieces.extend(_Piece(*match.span(), 0.4, "direction") for match in DIRECTION.finditer(text))
    pieces.extend(_Piece(*match.span(), 0.5, "landmark") for match in LANDMARK.finditer(text))
    for match in _NEAR_STRONG.finditer(text):
        begin = _name_begin(text, match.start(), max(_floor_of(pieces, match.start()), match.start() - 7))
        name = text[begin : match.start()]
        if len(name) >= 2 and name not in GENERIC and name[-2:] not in STOP_WORDS and name[-2:] not in _NO_NAME:
            pieces.append(_Piece(begin, match.end(), 1.9 if name[-1] in _PLACE_ENDS else 1.1, "unknown"))
    pieces.extend(
        _Piece(*match.span("name"), 1.2, "unknown")
        for match in (
            *_UNKNOWN.finditer(text),
            *_OPENING.finditer(text),
            *_LAND.finditer(text),
            *_AT.finditer(text),
            *_VALLEY.finditer(text),
        )
        if not STOPS & set(match["name"])
        and match["name"] not in GENERIC
        and (match["name"][-2:] not in STOP_WORDS or match["name"].endswith("门口"))
        and match["name"][:2] not in STOP_WORDS
        and (match["name"][-1] not in "道口里头边" or match["name"].endswith("门口"))
    )
    pieces.sort(key=lambda piece: (piece.begin, -piece.end, -piece.weight))
    return pieces


def _names_no_road(name: str) -> bool:
    """Whether it ends in a road that has no name: 一马路, 走公路; 盘山公路 and 八一路 are names."""
    if name.endswith("公路") and len(name) > 3:
        return False
    return name[-2:] in _NO_NAME and not (name.endswith("一路") and name[-3:-2] in _BEFORE_ONE)


def _floor_of(pieces: Sequence[_Piece], place: int) -> int:
    """Return the end of the last named piece before `place`: a name does not reach into another."""
    return max((piece.end for piece in pieces[-6:] if piece.kind == "named" and piece.end <= place), default=0)


_BARE_TERRAIN = re.compile(
    r"(?:[\u4e00-\u9fff](?:里河|工坪|石坪|门滩|沟沿|堡子|儿湾|井子|道坪|泉路|家崖|滩新区|水桥|"
    r"沙坪|坪台|川路口)|[东西南北上下]?滨河(?:[东西南北中]?路)|[东西南北]站(?=什字|十字|广场|那|"
    r"附近|地下|路|前|对面|旁|出口))"
)


def _name_begin(text: str, suffix: int, floor: int) -> int:
    """Walk left from a suffix to where the name begins: until a word that is no part of names, or `floor`."""
    begin = suffix
    while begin > floor:
        char = text[begin - 1]
        if char in STOPS or not ("\u4e00" <= char <= "\u9fff" or char.isdigit() or (char.isascii() and char.isalpha())):
            break
        if char in _SOFT_STOP and suffix - begin >= 2 and text[begin - 1 : begin + 1] not in _BEGINS_NAMES:
            break
        if suffix - begin >= 2 and text[begin - 2 : begin] in STOP_WORDS and text[begin - 2] not in STOPS:
            break
        if STOP_ENDING.search(text, max(0, begin - 4), begin) and not (
            text[begin - 2 : begin] in _OWNERS and text.startswith(_OWNED, begin)
        ):
            break
        begin -= 1
    while suffix - begin >= 1 and text[begin] in "路村行街" and begin > 0 and text[begin - 1] in "条个们不这那全本":
        begin += 1
    if text[begin : begin + 2] in _LONG_NAMED and suffix - begin >= 3 and text[begin - 1 : begin] in _DEMONSTRATIVES:
        begin += 2
    home = _HOME.search(text, begin, suffix)
    if home and home.start() > begin and text[home.start() - 1] not in "镇乡县区市道路村":
        return home.start()
    return begin


def _joins(text: str, chain: list[_Piece], piece: _Piece) -> bool:
    """Whether `piece` continues the chain: it overlaps, follows at once, or follows words like 那个 and 的."""
    end = max(each.end for each in chain[-3:])
    if piece.begin < end:
        return True
    gap = text[end : piece.begin]
    if len(gap) > 7 or HIDDEN in gap:
        return gap.strip(HIDDEN) == "" and len(gap) <= 4 and piece.kind in ("direction", "house")
    if GAP.fullmatch(gap) is None:
        return False
    if ("叫" in gap or "就是" in gap) and max(each.weight for each in chain) < piece.weight:
        return False
    return piece.kind != "direction" or len(gap) <= 2


def _found(text: str, chain: list[_Piece]) -> Found | None:
    """Return the place a chain says, or None when it names nothing."""
    while len(chain) > 1 and chain[0].weight < 1 and text[chain[0].begin : chain[0].end] in GENERIC:
        if chain[1].begin < chain[0].end or chain[1].kind in ("direction", "house"):
            break
        if text[max(0, chain[0].begin - 1) : chain[0].begin] not in _DEMONSTRATIVES:
            break
        chain = chain[1:]
    begin, end = chain[0].begin, min(max(piece.end for piece in chain), chain[0].begin + _LONGEST)
    kinds = {piece.kind for piece in chain}
    if kinds <= {"direction"} or (kinds <= {"direction", "house"} and len(chain) < 2):
        return None
    end = with_tail(text, end, is_named=any(piece.weight >= 1.5 for piece in chain))
    strongest = max(piece.weight for piece in chain)
    weight = sum(sorted((piece.weight for piece in _not_nested(chain)), reverse=True)[:5])
    if _CUE.search(text, max(0, begin - 4), begin):
        weight += 0.8
    sureness = min(0.95, 0.25 + 0.12 * weight) if strongest >= 1.2 else min(0.45, 0.15 + 0.1 * weight)
    value = _REPEATED.sub(r"\1", text[begin:end].strip("，,、 的").replace(HIDDEN, ""))
    return Found(value, begin, end, round(sureness, 3), "place.gazetteer" if "gazetteer" in kinds else "place.suffix")


_REPEATED = re.compile(r"^([\u4e00-\u9fff]{2,8})\1")
"""任家庄新村|任家庄新村12栋: said again after a correction."""


def _not_nested(chain: list[_Piece]) -> list[_Piece]:
    kept: list[_Piece] = []
    for piece in chain:
        if not kept or piece.end > kept[-1].end:
            kept.append(piece)
        elif piece.weight > kept[-1].weight:
            kept[-1] = kept[-1]._replace(weight=piece.weight)
    return kept
