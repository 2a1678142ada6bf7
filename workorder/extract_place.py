"""Where it is, as the caller says it: a chain of names with a suffix (路, 小区), house numbers, landmarks and 旁边."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from routing.classify.matcher import Matcher
from workorder.extract import HIDDEN, Found

_TERRAIN = "坪湾崖庄台园巷滩沟坡寨屯营河桥口店集堡岭楼村嘴岔圈铺洼塘坝坊弄宅塬梁咀峪岘川井渡窑"
# Suffixes that make a name of what stands before them, with the characters that must not follow.
_NAMED = (
    (r"街道办事处|街道办|街道(?![上口边两])|开发区|高新区|新区|园区|自治县|自治州", 5, 3.0),
    (
        r"大道(?!理)|路(?!人(?!行道))(?![灯面况过不途费线由子障都基政牌名长程祸口沿中两公是])|路(?=口|中段|两边|"
        r"两侧|公交站)|大街|街(?![坊道头上面边心景])|街(?=道口|头|上|面|边)|胡同|里弄|弄堂|巷(?!子)",
        5,
        3.0,
    ),
    (
        r"社区|小区(?!里的?人)|新村|家园|花园|花苑|嘉苑|雅苑|名苑|佳苑|馨苑|新居|嘉园|佳园|名园|丽园|"
        r"雅园|景园|御园|华庭|豪园|名城|花城|苑(?!子)|公寓|家属院|家属楼|"
        r"大院|安置房|安置点|公馆|府邸|名都|山庄|豪庭|新城|华府|国际城|一区|二区|三区|四区|五区",
        7,
        3.0,
    ),
    (
        r"村(?![民委里上干主支子容庄])|村(?=里|上|委会|民小组|部|口)|镇(?![政上静定])|镇(?=上|政府)|乡(?![下亲政里])"
        r"|乡(?=政府)|庄(?![稼重严子园])|屯|寨",
        5,
        2.5,
    ),
    (
        r"(?<![地小山郊市城景片辖社校厂库学园矿特这该全本战各])区(?![别域里间号分])|县(?![级长委里])|"
        r"(?<![超城门夜早股上黑菜都集楼])市(?![场民政区里委容长内政])|州(?=市)",
        4,
        2.0,
    ),
    (
        r"大厦|大楼|广场|写字楼|商场|购物中心|百货|商城|步行街|商业街|美食城|小吃街|市场|夜市|早市|超市|酒店|"
        r"宾馆|饭店|体育馆|体育场|图书馆|博物馆|文化馆|影院|剧院",
        8,
        1.8,
    ),
    (
        r"小学|中学|大学|学院|职校|技校|幼儿园|附中|附小|学校(?!门?不)|医院|[一二三四五六七八九省市县]院(?![长"
        r"子里内])|卫生院|卫生所|敬老院|养老院|"
        r"福利院|派出所|法院|检察院|邮局|银行|政务大厅|便民中心|救助站|殡仪馆",
        8,
        1.8,
    ),
    (
        r"火车站|高铁站|汽车站|客运站|地铁站|公交站|始末站|首末站|终点站|收费站|加油站|充电站|变电站|"
        r"车站|(?<![车网驿总分本全到各这那每停])站(?![在着住立起不牌点台岗出了什])|机场|码头|渡口",
        6,
        2.0,
    ),
    (
        r"立交桥|高架桥|天桥|大桥|铁路桥|黄河桥|小桥|桥(?![梁下面头上底洞墩])|桥(?=下|头|上|底|洞)|"
        r"隧道|地下通道|涵洞|环岛|什字|十字(?!路)|丁字(?!路)|转盘|盘道",
        6,
        2.0,
    ),
    (
        r"公园|湿地|游园|景区|植物园|动物园|水库|河堤|河滩|滨河(?=公园|步道|广场|绿化)|沟(?=里|口|边|沿)|山(?=上|脚|顶|下)|"
        r"洪道|渠(?=边|里)|湖(?=边|里|面)",
        6,
        1.6,
    ),
    (
        r"工业园|物流园|产业园|科技园|创业园|批发市场|菜市场|建材市场|农贸市场|集贸市场|手机市场|家具城|"
        r"建材城|电子城|集团(?=修|建|的|门)|化工厂|电厂|钢厂|水泥厂|[一-龥]厂(?![家里子长商])|车间|"
        r"矿区|电视台|停车场|工地",
        7,
        1.5,
    ),
)
_SUFFIX = re.compile("|".join(f"(?P<s{i}>{pattern})" for i, (pattern, _, _) in enumerate(_NAMED)))
_HOUSE = re.compile(
    r"(?:[A-Za-z]区|[A-Za-z]座|[东西南北][区院]|[A-Za-z]?\d{1,4}(?:-\d{1,4}){0,3}(?:号楼|号院|"
    r"号门|号铺|号附\d+|号(?!线|车|机|文|晚|早|上|下午|以)|栋|幢|座|单元|室|层|楼(?!盘|梯)|户(?!口|"
    r"型)|弄|组(?!织)|社(?!区)|队|期(?!间|限)|院|区(?!别|域)|排|米处)|[一二三四五六七八九十]{1,3}(?:楼|"
    r"层|单元|号楼|社|组|队)(?!织)|负[一二三]楼|顶楼)"
)
_DIRECTION = re.compile(
    r"(?:[东南西北正]{0,2}(?:大门|侧门|门口|门前|门外|南门|北门|东门|西门|后门|前门|(?<=[东南西北])[边侧头"
    r"面]|对面|斜对面|"
    r"对过|旁边|旁侧|旁|边上|附近|跟前|隔壁|下面|底下|楼下|楼上|楼顶|楼底下|楼道|上面|里面|里头|"
    r"中间|中段|东段|西段|南段|北段|[一-龥]{1,2}段(?![家落时])|拐角处?|拐弯处?|转角|转弯处?|路边|路口|街口|"
    r"巷口|村口|出口|入口|出入口|道口|桥头|桥下|桥上|桥底下|桥洞|桥口|下桥口|上桥口|红绿灯|公交站牌?|"
    r"站台|十字路口|丁字路口|三岔路口|交叉口|交界处|交汇处|交叉路口|一带|周边|沿线|空地上?|院子里|"
    r"巷子里|沟里|河边|路段|路南|路北|路东|路西|以东|以西|以南|以北|北侧|南侧|东侧|西侧|北口|南口|"
    r"东口|西口|北头|南头|东头|西头|后面|前面|背后|下坡|上坡|坡上|坡下|步道|人行道|非机动车道|"
    r"绿化带|院内|院里|里)|口(?![子气味罩碑音水岸])|门(?=口|前|外))"
)
_LANDMARK = re.compile(
    r"(?:(?<=[那这有一][个家])[\u4e00-\u9fff]{1,4}?)?(?:变压器|配电箱|电线杆|路灯杆|公交站|候车亭|"
    r"始末站|停车场|公共停车场|地下停车场|地下车库|车库|工地出入口|工地|出租屋|汽修厂|修理厂|修车厂|"
    r"加工厂|废品站|废品收购站|收购站|培训班|培训学校|菜市场|市场|超市|小超市|便利店|饭馆|饭店|"
    r"餐馆|麻辣烫|牛肉面馆?|火锅店|烧烤店|烧烤摊|网吧|药店|诊所|理发店|美容院|洗车行|洗浴中心|"
    r"KTV|酒吧|茶楼|棋牌室|麻将馆|"
    r"旅馆|宾馆|酒店|幼儿园|小学|中学|学校|医院|银行|邮局|派出所|公厕|厕所|垃圾站|垃圾桶|锅炉房|"
    r"泵房|水塔|铁塔|基站|广告牌|灯箱|天桥|立交桥|地下通道|隧道|河堤|洪道|花坛|喷泉|雕塑|公园|"
    r"广场|凉亭|健身器材|戏台|祠堂|祠庙|寺庙|加油站|物流园|快递站|驿站|报刊亭|电话亭|邮筒|岗亭|"
    r"井盖|污水井|雨水井|空地|荒地|仓库|厂房|库房|门面房?|铺面|商铺|临街|楼院|家属院|小区|院子|"
    r"巷子|胡同|桥|养殖场|砖厂|搅拌站|屠宰场|水渠|池塘|鱼塘|水库|厂子|厂|店铺|小店|[一-龥]{1,3}[店馆铺行厅"
    r"](?=楼上|楼下|门口|门前|旁边|对面|隔壁|后面|前面|里面))"
)
_GAP = re.compile(
    r"(?:的|那边|这边|那块儿?|[那这][座片段排棵栋处块]|那个|这个|那|这|有个|有一个|有一家|有家|"
    r"有一处|一个|一家|一处|个|家|上的?|里的?|下的?|"
    r"里头的?|我家|我们|我店|我们家|我们店|头顶|跟|和|与|到|至|往[东南西北]走?|靠|挨着|临街|叫|"
    r"就是|还有|修的|新修的|建的|，|,|、|\s)*"
)
_STOP = frozenset(
    "的了在是我你您他她它们这那哪有从往把被就也还跟给让要想问说看吃买卖不没很个着得吗呢呀嗯哦啦叫姓又再怎么什" + HIDDEN
)
_SOFT_STOP = frozenset("都到去太会经来过住于能对出用以条老当像离挨啊吧")
"""Ends a name too, unless fewer than two characters of it have been read: 武都路, 太华路, 会宁路 are names."""
_STOP_WORD = re.compile(
    r"(?:投诉|反映|反应|咨询|举报|建议|关于|一下|附近|旁边|对面|经常|天天|家住|路过|经过|靠近|"
    r"问题|情况|事情|你好|您好|同志|师傅|喂|请问|麻烦|位于|地址|坐落|因为|所以|但是|然后|现在|"
    r"目前|每天|发现|听说|听见|希望|业主|居民|市民|村民|整个|整条|一条|两条|几条|这条|那条|一家|"
    r"我家|咱家|单位|公司|自己|朋友|孩子|爸爸|妈妈|公交车|打车|开车|骑车|坐车|走路|散步|上班|下班|"
    r"上学|放学|修|新建|大车|门牌|写成|改成|编号|货车|轿车|汽车|卡车|土车|三轮车|那边|这边|好多|"
    r"许多|门口|门前|楼下|底下)$"
)
_GENERIC_NAMES = (
    "马路 公路 铁路 道路 走路 修路 迷路 绕路 线路 网路 电路 半路 堵路 占路 小路 大路 土路 水泥路 "
    "柏油路 断头路 主路 辅路 岔路 一路 顺路 赶路 开路 同路 出路 带路 公交路 逛街 大街 上街 整条街 "
    "老街 小街 沿街 临街 过街 当街 "
    "小巷 全村 本村 农村 城中村 外村 邻村 村 小区 社区 我们小区 本小区 整个小区 老旧小区 街道 "
    "乡镇 城镇 老乡 下乡 家乡 回乡 超市 大超市 商场 市场 菜市场 广场 大楼 公园 医院 学校 小学 "
    "中学 大学 幼儿园 银行 车站 公交站 加油站 停车场 工地 大桥 小桥 天桥 地下通道 "
    "本市 全市 我市 城市 全县 本县 市区 全区 辖区 邻县 家属院 大院 公寓 酒店 宾馆 饭店 派出所 "
    "村庄 农庄 两个小区 各个小区 隔壁小区 附近小区 沿路 沿街 门路 半条街 一条街 夜市一条街 人行道路 "
    "非公路 快速路 高速公路 高速路 养老院 敬老院 福利院 法院 "
    "院子 巷子 楼道 屋子 车子 房子 村子 厂子 孩子 娃娃 桌子 柜子 盒子 箱子 杆子 牌子 亭子 管子 "
    "样子 日子 楼下 楼上 门前 马路 学校 单位 大家 有人"
)
_GENERIC = frozenset(_GENERIC_NAMES.split())
_CUE = re.compile(r"(?:地址是?|位置是?|位于|住在|家住|家在|就在|在|地点是?|坐落在|发生在)$")
_UNIQUE = frozenset(["火车站", "高铁站", "汽车站", "客运站", "机场", "政务大厅", "火车站广场"])
_UNKNOWN = re.compile(
    rf"(?:^|(?<=[，。,.在到是住{HIDDEN}]))(?P<name>[\u4e00-\u9fff]{{2,5}}?)"
    r"(?=那[条个座片段排棵栋处块家儿里]|跟前|那边|那一片|这边|附近|对面|旁边|后面|前面|东边|西边|"
    r"南边|北边|下面|上面|底下|"
    r"里面|里头|路口|巷子|大桥|桥头)"
)
_HOME = re.compile(rf"(?![大全自国回人农一在这])[\u4e00-\u9fff]家[大小东西上下新老]?[{_TERRAIN}山关堡墩]")
_ALL_THE_WAY = re.compile(r"[^东西南北中山放民利谊京海新兴业园]一路")
_OPENING = re.compile(rf"^(?P<name>[\u4e00-\u9fff]{{2,4}})(?={HIDDEN})")
"""A call that opens with two to four characters and a time: 庙滩子|整改以后 …"""
_LONGEST = 60


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
            if piece.end > chains[-1][-1].end:
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
    for match in _SUFFIX.finditer(text):
        kind = int((match.lastgroup or "s0")[1:])
        _, reach, weight = _NAMED[kind]
        begin = _name_begin(text, match.start(), max(floor, match.start() - reach))
        if _ALL_THE_WAY.search(text, max(0, match.start() - 2), match.end()):
            continue
        name = text[begin : match.end()]
        if name in _UNIQUE:
            weight = 1.6
        elif name == match.group() or name in _GENERIC:
            weight = 0.6
        pieces.append(_Piece(begin, match.end(), weight, "named"))
        floor = match.end()
    pieces.extend(
        _Piece(begin, match.end(), 2.4, "terrain")
        for match in re.finditer(
            rf"[\u4e00-\u9fff](?:家|里)[大小东西上下新老]?[{_TERRAIN}山关堡墩](?!具|长|里人)(?:新村|新区|[村镇乡])?",
            text,
        )
        if (begin := match.start()) >= 0
        and match.group()[0] not in _STOP | {"一", "大", "全", "自", "国", "回", "人", "农", "在", "这"}
    )
    pieces.extend(_Piece(*match.span(), 2.0, "terrain") for match in _BARE_TERRAIN.finditer(text))
    for match in _HOUSE.finditer(text):
        pieces.append(_Piece(*match.span(), 1.2, "house"))
        if "号" in match.group():
            begin = _name_begin(text, match.start(), max(0, match.start() - 5))
            if match.start() - begin >= 2:
                pieces.append(_Piece(begin, match.end(), 2.2, "named"))
    pieces.extend(_Piece(*match.span(), 0.4, "direction") for match in _DIRECTION.finditer(text))
    pieces.extend(_Piece(*match.span(), 0.5, "landmark") for match in _LANDMARK.finditer(text))
    pieces.extend(
        _Piece(*match.span("name"), 1.2, "unknown")
        for match in (*_UNKNOWN.finditer(text), *_OPENING.finditer(text))
        if not _STOP & set(match["name"]) and match["name"] not in _GENERIC and match["name"][-1] not in "道口里头边"
    )
    pieces.sort(key=lambda piece: (piece.begin, -piece.end, -piece.weight))
    return pieces


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
        if char in _STOP or not ("\u4e00" <= char <= "\u9fff" or char.isdigit() or (char.isascii() and char.isalpha())):
            break
        if char in _SOFT_STOP and suffix - begin >= 2:
            break
        if _STOP_WORD.search(text, max(0, begin - 4), begin):
            break
        begin -= 1
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
    if _GAP.fullmatch(gap) is None:
        return False
    return piece.kind != "direction" or len(gap) <= 2


def _found(text: str, chain: list[_Piece]) -> Found | None:
    """Return the place a chain says, or None when it names nothing."""
    begin, end = chain[0].begin, min(max(piece.end for piece in chain), chain[0].begin + _LONGEST)
    kinds = {piece.kind for piece in chain}
    if kinds <= {"direction"} or (kinds <= {"direction", "house"} and len(chain) < 2):
        return None
    end = _with_tail(text, end)
    strongest = max(piece.weight for piece in chain)
    weight = sum(sorted((piece.weight for piece in _not_nested(chain)), reverse=True)[:5])
    if _CUE.search(text, max(0, begin - 4), begin):
        weight += 0.8
    sureness = min(0.95, 0.25 + 0.12 * weight) if strongest >= 1.2 else min(0.45, 0.15 + 0.1 * weight)
    value = text[begin:end].strip("，,、 的").replace(HIDDEN, "")
    return Found(value, begin, end, round(sureness, 3), "place.gazetteer" if "gazetteer" in kinds else "place.suffix")


def _not_nested(chain: list[_Piece]) -> list[_Piece]:
    kept: list[_Piece] = []
    for piece in chain:
        if not kept or piece.end > kept[-1].end:
            kept.append(piece)
    return kept


_TAIL = re.compile(
    r"(?:(?<=[上下里外前后旁])[面边头]|附近|旁边|对面|门口|里面|里头|下面|底下|中间|上面|这儿|"
    r"那儿|这里|那里|那边|这边|一带|跟前)"
)


def _with_tail(text: str, end: int) -> int:
    match = _TAIL.match(text, end)
    return match.end() if match else end
