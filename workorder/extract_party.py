"""Who the call is about besides the caller: a company by name (鸿运酒店), else by its part (物业, 房东, 施工队)."""

from __future__ import annotations

import re

from workorder.extract import HIDDEN, Found
from workorder.extract_place_stops import STOP_WORDS

_KINDS = (
    r"有限公司|公司|集团|物业公司|物业|超市|商行|酒店|宾馆|旅馆|饭店|餐厅|火锅店|面馆|烧烤店?|麻辣烫店?|理发店|美容院|网吧|KTV|酒吧|茶楼|"
    r"培训班|培训学校|驾校|幼儿园|小学|中学|医院|诊所|药店|汽修厂|修理厂|加工厂|印刷厂|化工厂|[\u4e00-\u9fff]厂|养殖场|搅拌站|采石场|"
    r"废品站|收购站|工地|施工队|项目部|营业厅|银行|平台|中介|房产公司|开发商|健身房|洗浴中心|麻将馆|棋牌室|菜市场|市场|商场|小卖部|便利店|快递站|驿站"
)
_COMPANY = re.compile(rf"(?P<kind>{_KINDS})(?![长区里门口外旁边附近对面后前])")
_ROLE = re.compile(
    r"房东|开发商|包工头|施工队|施工单位|施工方|物业公司|物业|保安|司机|店家|店主|老板|商家|商贩|小贩|中介|客服|平台|楼上(?:住户|邻居|那户|那家)|"
    r"楼下(?:住户|邻居|那户|那家)|隔壁(?:邻居|那户|那家)?|邻居|网约车司机|出租车司机|公交司机|收费员|工作人员|办事员|骑手|外卖员|快递员|业委会|村委会|居委会|社区干部"
)
_STOP = frozenset(
    "的了在是我你您他她它们这那哪有从往把被就也还跟给让要想问说看吃买卖不没很个着得吗呢去到和条家" + HIDDEN
)
_GENERIC = frozenset(["", "我们", "一家", "那家", "这家", "那个", "这个"])
_LONGEST_NAME = 8


def find_parties(text: str) -> tuple[Found, ...]:
    """Return people or companies concerned, named companies first; `text` has names and telephones hidden."""
    found = []
    for match in _COMPANY.finditer(text):
        begin = match.start()
        while begin > max(0, match.start() - _LONGEST_NAME):
            char = text[begin - 1]
            if char in _STOP or not "\u4e00" <= char <= "\u9fff" or text[max(0, begin - 2) : begin] in STOP_WORDS:
                break
            begin -= 1
        begin += max((text[begin : match.start()].rfind(char) + 1 for char in "路街巷号楼区村口"), default=0)
        name = text[begin : match.start()]
        if len(name) >= 2 and name not in _GENERIC:
            found.append(Found(text[begin : match.end()], begin, match.end(), 0.7, "party.company"))
    found.extend(Found(match.group(), *match.span(), 0.55, "party.role") for match in _ROLE.finditer(text))
    found.sort(key=lambda each: (-each.confidence, each.begin))
    return tuple(found)
