"""Where a place ends: the estate on the road, house and room, and what the caller stands beside."""

from __future__ import annotations

import re

from workorder.extract_place_stops import STOP_WORDS
from workorder.extract_place_words import HOUSE, STOP_ENDING, STOPS

_FOREIGN = STOPS | set("都到去会经来过住于能对出用以条挨啊吧前后上下路车水灯树井管牌箱杆")
"""A short landmark after a name holds none of these."""

_TAIL = re.compile(
    r"(?:(?<=[上下里外前后旁])[面边头]|附近|旁边|对面|门口|里面|里头|下面|底下|中间|上面|(?<=站)[台牌](?!子)|这儿|"
    r"那儿|这里|那里|那边|这边|一带|跟前|之间|地下室|地下车库|地库|楼道|村委会|坡底下|坡上)"
)
_NEAR = (
    r"(?:[东南西北]{1,2}(?:大?门|[边侧头面口角段])|交[会汇叉]处|之间|地下室|地下车库|地库|坡[上下]|坡底下|(?<=[村巷街桥庄])[头尾后](?!面|边)|墙[根角边外]底?下?|脚下|斜?对门|往里|后巷|村委会|居委会|往[东南西北](?:边|面)?(?:走|去)?(?:(?:大概|大约|差不多|不到)?(?:\d+|[一二两三四五六七八九十几百]+)多?米(?:处|左右|的地方)?)?"
    r"|往[东南西北](?![走去开跑来])|斜?对面|斜?对过|旁边?|隔壁|附近|跟前|门[口前外]|[大正侧后前]门(?:口|前|外|[左右][边手侧])?|[前后左右里外](?:面|边|头|侧|手边)|"
    r"[东南西北院围]{1,2}墙(?:外[头面]?|里[头面]?|根|角|边|下)?|[后前](?:院|墙|沟|山|街|巷|排|楼)|候车室(?:[外里]面)?|楼[顶下上后前道](?!的人)|底下|下面|上面|候车厅|出站口|进站口|十字|[进出]?口(?=那|的|这|有|往|$)"
    r"|[西东南北](?=那|的|这|有|\x01)|[前后旁](?=的|有|那|停|堆)|(?<=[楼栋院店馆校所])[前后](?![面边年天些几段阵往任来])|(?<=[区坊村])院(?![长子]))"
)
_BESIDE = re.compile(rf"{_NEAR}(?:{_NEAR})?")
_ANCHORED = re.compile(
    rf"(?:(?P<what>[\u4e00-\u9fff]{{1,6}}?)(?:\d{{1,4}}(?:号楼|号院|号|栋|楼|单元))?)?(?P<near>{_NEAR}(?:{_NEAR})?)"
)
"""After a name, what stands there and where beside it: 建兰路|沃尔玛旁边, 西站客运站|候车厅外面."""
_THING = re.compile(
    r"的?(?:停车场|公厕|厕所|加油站|公交站|小公园|小广场|菜市场|市场|超市|小卖部|空地|工地|草坪|花坛|垃圾站|垃圾桶|配电房|巷子|胡同|十字路口|"
    r"路口|台阶|河道|水渠|人行道|人行天桥|健身器材|车库|地下室|仓库|院子)"
)
"""百货大楼后头|的停车场."""
_KIND_OF_PLACE = re.compile(
    r"[\u4e00-\u9fff]{0,5}?(?:俱乐部|中心段|文化中心|体育中心|购物中心|(?<=心)段|(?<=[路街道])[\u4e00-\u9fff]{2,4}段(?![时家落])|(?<=[镇乡])[\u4e00-\u9fff]{1,3}[山岭梁坡沟湾坪庄](?=[的有一那上下里口]|\x01)|观景台|邮政所|消防队|劳动保障所|司法所|服务站|服务中心|办事处|便民大厅|营业厅|大厅|清真寺|"
    r"家属区|社区|小区|菜市口|候车亭|始末站|公交站台|站台|[一二三四五六七八九十]{0,2}社|街坊|绿洲|家园|花园|院(?=[的那里电门墙]|\x01|$))"
)


_ROOM = re.compile(r"(?<=[元栋幢座楼])\d{3,4}(?:室|房)?(?!\d)")
_GROUNDS = re.compile(
    r"(?P<what>[\u4e00-\u9fff]{1,6}?[园府苑城湾郡庭邸轩居里院馆店厅亭塔阁庙寺宫汇])"
    r"(?=\d|[一二三四五六七八九十ABCD东西南北]{1,2}[期区栋座门]|斜?对[面过]|门[口前]|[旁后前][边面]|那|的|有|这|里|\x01|$)"
)
"""What stands on a road without a suffix of its own: 硷滩路|碧桂园|三期, 公园|半山亭|那儿."""


def with_tail(text: str, end: int, *, is_named: bool) -> int:
    """Return where the place ends: estates, houses and what is beside it, at most five steps."""
    for _ in range(5):
        further = _one_more(text, end) if is_named else end
        if further == end:
            break
        end = further
    return _beside(text, end, is_named=is_named)


def _one_more(text: str, end: int) -> int:
    for pattern in (_ROOM, HOUSE):
        match = pattern.match(text, end)
        if match:
            return match.end()
    match = _GROUNDS.match(text, end)
    if (
        match
        and not STOPS & set(match["what"])
        and not any(match["what"][i : i + 2] in STOP_WORDS for i in range(len(match["what"]) - 1))
    ):
        return match.end()
    return end


def _beside(text: str, end: int, *, is_named: bool) -> int:
    match = _TAIL.match(text, end)
    if match:
        thing = _THING.match(text, match.end())
        return thing.end() if thing else match.end()
    if not is_named:
        return end
    match = _KIND_OF_PLACE.match(text, end)
    if match and not _FOREIGN & set(match.group()) and len(match.group()) > 1:
        end = match.end()
    beside = _BESIDE.match(text, end)
    if beside:
        thing = _THING.match(text, beside.end())
        return thing.end() if thing else beside.end()
    match = _ANCHORED.match(text, end)
    if match and not _FOREIGN & set(match["what"] or "") and not STOP_ENDING.search(match["what"] or ""):
        end = match.end()
    return end
