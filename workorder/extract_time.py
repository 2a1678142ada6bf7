"""When it happened, in the caller's words: 昨天半夜, 每天早上六点, 三天了, 下午4点到晚上9点, 下雨的时候."""

from __future__ import annotations

import re

from workorder.extract import Found

_N = r"(?:(?!(?:19|20)\d\d年)\d{1,4}|[一二两三四五六七八九十几数]{1,3})(?:来(?=天|年|个|分|宿)|几(?=天|年|个))?"
_LAST = r"(?<![地路身墙街桥楼树晚早床岸])上"
"""上 that says which week or month; elsewhere it ends a place: 拖到地上|周二夜里."""
_PART = (
    r"(?:大半夜|后半夜|前半夜|三更半夜|半夜三更|半夜|深更半夜|深夜|夜里头?|夜间|凌晨|大清早|清早|"
    r"清晨|早晨|早起|早上|天快亮|天刚亮|天麻麻亮|天蒙蒙亮|天一擦?黑|天刚?擦黑|麻麻黑|夜深了|夜深|大中午|前晌|一大早|一早|大早上|"
    r"上午|中午|晌午|正午|午后|午休|下午|后晌|傍晚|黄昏|天黑以?后|天一黑|天不亮|天亮|大晚上|晚上|"
    r"晚间|大白天|白天|早晚高峰|早高峰|晚高峰|饭点|[早午晚]饭[前后]|饭后|下班后|放学后|雨后|雪后)"
)
_DAY = (
    r"(?:大前天|前天|前日|前晚|昨天|昨儿个?|昨日|昨个|(?:下了班|放了学|吃[过完了][早午晚]饭)(?:以后|之后)?|头一天(?!到晚)|第二天|前[一两三几]个?(?:月|周|年|星期|礼拜)|昨晚上?|昨夜|大前儿个?|前儿个?|[前今]个(?=早|晚|下|上|后|夜|中|半)|今天|今儿个?|今早上?|昨早上?|上回|上一回|(?<![早晚路马])上次|上一次|那回|那次|头一回|今晨|今晚|当天|"
    r"当晚|前两天|前几天|前些天|前一段时间?|前段时间|前一?阵子?|"
    r"这两天|这几天|这些天|这一?阵子?|这段时间|最近这?几?天?|近几天|近期|近来|头几天|头两天|那几天|过几天|明天|后天)"
)
_WEEK = (
    r"(?:(?:" + _LAST + r"上|" + _LAST + r"|这|本|下|每到|每逢|每)?个?(?:周|星期|礼拜)[一二三四五六日天末]"
    r"(?:到?周?[一二三四五六日天](?!个))?|(?:" + _LAST + r"上|" + _LAST + r"|这|本)个?"
    r"(?:周(?![围边长转期])|星期|礼拜)|(?:每到|每逢)?(?:周末|双休日|工作日|节假日))"
)
_MONTH = (
    r"(?:(?:"
    + _LAST
    + r"上个?月|"
    + _LAST
    + r"个?月|这个?月|本月|下个?月|\d{1,2}月份?|[一二三四五六七八九十]{1,2}月份?|"
    r"\d{1,2}月(?=到|至)|每个?月|正月|腊月|农历\d{1,2}月|月(?=[底初中末]))"
    r"(?:\d{1,2}[日号]|[一二三]?十?[一二三四五六七八九十][日号]|二?十[几来多][日号]|初[一二三四五六七八九十]|十五|里(?!面)|"
    r"底|初|末|中旬|上旬|下旬|中)?(?:以前|以后|之前|之后|以来|前后|前(?!面))?|"
    r"(?<![街路巷园村里坊道院区弄屯庄湾坪台北南东西中段沟])\d{1,2}[日号](?![楼院线车门])(?:那天)?)"
)
_YEAR = (
    r"(?:(?:(?:19|20)\d{2}年|大前年|前年|去年|今年|当年|[0-9]{2}年|头年|往年)(?:以来|上半年|下半年|年初|年底|开春|入冬|入夏)?"
    r"|[上下]半年|(?:" + _LAST + r"|这|本)个?季度|[今去]冬|今夏|今春)"
)
_SEASON = (
    r"(?:(?:这个|今年|每年|每到|一到|到了)?(?:春天|夏天|秋天|冬天|雨天|下雨天|雪天|下雪天|刮风天|大风天|阴雨天|大热天|大冷天)|天(?:一?[冷热凉暖]了?)(?=以后|之后|的时候|就|那会儿)|"
    r"春天|夏天|秋天|冬天|春季|夏季|秋季|冬季|夏里|冬里|入冬|入夏|开春|立冬|立秋|过年|春节|"
    r"国庆节?|(?:十一|11)(?=前后|期间|假期|那|放假|长假)|中秋节?|五一|八一|六一|端午节?|清明节?|元旦|"
    r"元宵节?|"
    r"年前|年后|年底|年初|年根|寒假|暑假|放假|假期|汛期|开学|供暖季|采暖季|高考|中考|国庆长假|"
    r"除夕|双十一|过完年|入伏|数九|8月15(?=那|前|晚|的)|年三十|年30|立春|冬至|夏至|三伏天?|三九天?|五一节|暑期|梅雨|雨季|国庆长假|大年(?:三十|30|初[一二三四五六七八])|正月十五|八月十五)"
    r"(?:期间|前后|以前|以后|之前|之后|那几天|那天|那两天|那会儿|放假的时候|放假|那阵子?|的时候|以来|前|后(?!面))?"
)
_CLOCK = (
    r"(?:(?![一1]点[儿都也不没点])(?:\d{1,2}|[一二两三四五六七八九十]{1,3})点(?!儿|[事心评名建])"
    r"(?:\d{1,2}分?|半|一刻|三刻|整|[零一二三四五]?十[一二三四五六七八九]?分?)?(?:多钟?|来钟|钟)?"
    r"(?:左右|前后|以后|以前|之后|之前|过后|往后)?|\d{1,2}[:：]\d{2})"
)
_FREQUENCY = (
    r"(?:一年四季|一整天|一天一夜|一整夜|一年到头|常年|长年累月|没日没夜|三天两头|(?:每次一?|一)(?:下大?暴?雨|刮大?风|下雪)|白天黑夜|白天晚上|大半夜的?天天|每天|天天|每晚上?|每夜|每日|每[到逢](?:下大?雨天?|刮大?风天?|下雪天?|雨天)|每到(?!周)|每逢(?!周)|每周(?![一二三四五六日天末])|每个?(?:星期|礼拜)(?![一二三四五六日天])|每个?月|每年|隔三差五|每?隔[一两三几]天|一天到晚|从早[\u4e00-\u9fff]?到晚"
    r"|从早到黑|成天|整天|整夜|"
    r"整宿|一整夜|一晚上|一?整晚|全天|24小时|一到(?=晚上|夜里|半夜|周末|夏天|冬天|下午|早上|下雨|"
    r"点))"
)
_NOW = (
    r"(?:这会儿|这会子|这阵儿|眼下|刚才|刚刚|方才|刚刚才|此刻|这时候|那会儿|刚(?=发现|看到|看见|"
    r"下班|上班|到家|回家|出门|路过|吃完|买|装|修))(?:发现|看到|看见|下班|上班|到家|回家|出门|路过)?"
)
_WEAK_NOW = r"(?:现在|目前|如今|当前|至今|到现在)"
_UNIT = (
    r"(?:个[来把]月|个多?(?:小时|钟头|星期|礼拜|月|季度)|多?(?:小时|钟头|星期|礼拜|分钟|天(?!到晚|两头)|日子)|"
    r"多?(?:周(?![围边长转期一二三四五六日末])|年(?!四季|级|纪|龄|轻|底|初|前|后))|个?晚上|宿|夜|个把月|来个?月)"
)
_DURATION = (
    r"(?:(?:干|等|住|租|做|用)了(?:快|将近|差不多|都|有)?)?"
    r"(?:刚|才)?(?:(?:通车|入住|交房|开业|装修完?|修好|修完|买了?|用了?|换了?|装了?|搬来|完工|铺好|铺完|"
    r"验收完?|开业|开张|住进来|完工)了?(?=不到|才|没到|刚|都|快|已经|有|[\d一二两三四五六七八九十半几]))?"
    r"(?:这|那|前前后后|连续|连着|一连|接连|持续|约莫|少说|怕是|怕|也|已经|将近|差不多|大概|大约|不到|没到|快|前后|整整|足足|才|刚|都|有)*"
    r"(?:大半个?[年月]|小半个?[年月]|整?整?一个?[春夏秋冬]天?(?![季瓜装])|大半年|小半年|半年多?|半个多?月|半个[来把]月|个把月|个把星期|半个?多?小时|第[一二两三四五六七八九十]{1,2}(?:天|个月|个星期|个礼拜|年)|近[一二两三四五六七八九十半](?:个月|年|天|周|个星期)|好些天|好多[天年]|老早以前|很长时间|很长一段时间|[一]?个[来把]月|[俩仨](?:个?月|礼拜|星期|钟头|小时|天|晚上)|半拉月|好些日子|好长时间|好长一段时间|好久|很久|老长时间|"
    rf"好?{_N}{_UNIT}多?(?!级|租|级|日|票|假|票))"
    r"(?:以前|之前|前(?!面|后|台)|以来|以后|之后|左右|了)?(?!收?(?:\d+|[一二两三四五六七八九十几]+)(?:块|元|毛|次|趟|顿))"
)
_EVENTS = (
    r"(?:上学放学|上下学|上下班|上学|放学|上班|下班|下雨|下大雨|下暴雨|下雪|刮风|刮大风|吃早饭|"
    r"吃午饭|吃晚饭|吃饭|做饭|过马路|睡觉|午睡|开会|停电|来水|交房|开门|关门|坐车|等车|接孩子|"
    r"接娃|"
    r"送孩子|遛弯|散步|买菜|加班|拆迁|整改|整治|搬迁|搬家|装修|施工|修路|通车|改造|验收|开业|入住|搬来|搬走|"
    r"换届|涨价|开工|完工|竣工|停工|地震|疫情|改制|合并|退休|生孩子|供暖|停暖|报修|浇水|化雪|放炮|"
    r"路过|出门|回家|下车|拉货|卸货|开学|考试)"
    r"(?:的时候|那会儿|那阵子?|以来|那时候|时(?=[^间候常不]|$)|以后|之后|以前|之前|期间|完以后|当天|那天)"
)
_MOMENT = (
    r"(?:接|送|吃|做|洗|遛|买|卖|搬|装|停|走|跑|骑|坐|排|睡|回|出|进|放|拉|拆|修|收|交|办|打|倒)"
    r"[\u4e00-\u9fff]{0,4}?的时候|"
    r"(?:搬|修|装|换|盖|拆|建|铺|毕业|结婚)[了完好进出来到新]{0,2}[\u4e00-\u9fff]{0,2}?(?:以后|之后|以来)"
)
_WEATHER = r"(?:刮大风|刮风|下大雨|下暴雨|下雨|下雪|下大雪|打雷|下冰雹)"
_KINDS = (
    ("event", _EVENTS),
    ("moment", _MOMENT),
    ("duration", _DURATION),
    ("frequency", _FREQUENCY),
    ("day", _DAY),
    ("week", _WEEK),
    ("month", _MONTH),
    ("year", _YEAR),
    ("season", _SEASON),
    ("part", _PART),
    ("clock", _CLOCK),
    ("now", _NOW),
    ("weak", _WEAK_NOW),
)
_TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS))
_BOND = re.compile(r"(?:的|到|至|和|、|-|－|—|~|大概|大约|差不多|左右|一直到|直到|就|从|，)?")
_AFTER = re.compile(
    r"(?P<weather>" + _WEATHER + r")|(?P<verb>(?:换|修|买|装|交|搬|租|办|建|盖|签|拆|铺|种|开)的(?:钱|费|款)?)"
)
_VAGUE = re.compile(r"(?:[前这那头][两几些]天|最近|(?<![早晚])上(?:个?(?:周|星期|礼拜|月).{0,2})|那天|前一?阵子?)$")
_RELATIVE = re.compile(r"(?:去年|今年|前年|上个?月|月份?|月底|月初|上周|上个?星期|上个?礼拜)$")
_DAYS = frozenset(["day", "part"])
_PASSING = frozenset(["大白天", "白天", "高考", "中考", "开学", "放假", "假期", "疫情"])
_BARE_NUMBER_DAY = re.compile(r"\d{1,2}[日号]")
_CALENDAR_YEAR = re.compile(r"(?:[5-9]\d|0\d)年")
_FILLER = re.compile(
    r"(?:已经|都有|少说有|少说也有|怕是?有|约莫有?|也有|都|有|也|就)+(?=[\d一二两三四五六七八九十几半好大小第快])"
)
_DAYS_OF = re.compile(r"(?:[\d一二两三四五六七八九十]+)天")
"""周末两天, 国庆七天."""
_AGE = re.compile(r"(?<!\d)\d{3}年")
"""三百年的老槐树 tells an age, not when something happened."""
_NOT_EVENT = re.compile(r"^(?:不到|才|刚|都|有|快)*(?:一天|一年|几年|半天|两天)$")


def find_times(text: str) -> tuple[Found, ...]:
    """Return the times of the event, best first: the earliest that says more than 现在. Linear in the length."""
    spans: list[list[tuple[str, int, int]]] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        begin, end = match.span()
        if spans and _joins(text, spans[-1], kind, begin):
            spans[-1].append((kind, begin, end))
        else:
            spans.append([(kind, begin, end)])
    found = [each for span in spans if (each := _found(text, span)) is not None]
    found.sort(key=lambda each: (-each.confidence, each.begin))
    return tuple(found)


def _joins(text: str, span: list[tuple[str, int, int]], kind: str, begin: int) -> bool:
    """Whether a token continues the time before it: 每天|早上|六点, 下午四点|到|晚上九点; a duration stands alone."""
    last_kind, _, end = span[-1]
    if "weak" in (last_kind, kind) or begin - end > 4:
        return False
    if last_kind == "duration" and not text[:end].endswith(("前", "以前", "之前", "以来")):
        return False
    if kind == "duration":
        is_days = last_kind in ("week", "season") and _DAYS_OF.match(text, begin)
        return begin == end and (bool(is_days) or text[:end].endswith(("最近", "近", "这")))
    if kind == "frequency" and last_kind in ("clock", "part"):
        return False
    if kind == "moment" or (kind == "now" and text[begin] == "刚"):
        return False
    bond = text[end:begin]
    if bond == "，":
        return kind in ("clock", "part") and last_kind in ("day", "week", "month", "year", "frequency")
    if kind == "event":
        return bond in ("", "的") and last_kind in ("day", "now", "part", "frequency", "week")
    return _BOND.fullmatch(bond) is not None


def _found(text: str, span: list[tuple[str, int, int]]) -> Found | None:
    begin, end = span[0][1], span[-1][2]
    kinds = {kind for kind, _, _ in span}
    after = _AFTER.match(text, end)
    if after and (
        (after["weather"] and (kinds <= _DAYS or _VAGUE.search(text[begin:end]))) or _RELATIVE.search(text[begin:end])
    ):
        end = after.end()
    value = text[begin:end]
    if kinds == {"duration"} and _AGE.search(value):
        return None
    if _NOT_EVENT.match(value) or (kinds == {"month"} and _BARE_NUMBER_DAY.fullmatch(value)):
        return None
    value = re.sub(r"(?<=[多月年])了$", "", value) if "多" in value else value
    if kinds == {"duration"} and (filler := _FILLER.match(value)):
        begin, value = begin + filler.end(), value[filler.end() :]
    if kinds == {"weak"}:
        return Found(value, begin, end, 0.4, "time.now")
    if _CALENDAR_YEAR.fullmatch(value) or (kinds == {"year"} and value[0].isdigit() and len(value) < 5):
        return Found(value, begin, end, 0.55, "time.year")
    sureness = 0.6 if kinds == {"moment"} or value in _PASSING else 0.7 if kinds == {"frequency"} else 0.85
    return Found(value, begin, begin + len(value), sureness, f"time.{'+'.join(sorted(kinds))}")
