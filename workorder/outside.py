"""Does a place lie in another city? A hint for the agent, from the names that people say; the agent decides."""

from __future__ import annotations

import re

_CITIES = """
北京 上海 天津 重庆 石家庄 唐山 保定 太原 大同 呼和浩特 包头 沈阳 大连 长春 吉林市 哈尔滨 大庆 南京
苏州 无锡 常州 徐州 南通 扬州 盐城 宿迁 杭州 宁波 温州 嘉兴 绍兴 金华 合肥 芜湖 福州 厦门
泉州 南昌 九江 赣州 济南 青岛 烟台 潍坊 临沂 郑州 洛阳 开封 武汉 宜昌 襄阳 长沙 株洲 岳阳
广州 深圳 珠海 佛山 东莞 中山 惠州 南宁 桂林 柳州 海口 三亚 成都 绵阳 贵阳 遵义 昆明 大理
拉萨 西安 咸阳 宝鸡 杨凌 兰州 天水 武威 张掖 酒泉 西宁 银川 乌鲁木齐
"""
_NAMES = tuple(sorted(_CITIES.split(), key=len, reverse=True))
_STREET = re.compile(r"(?:东|西|南|北|中)?(?:路|街|巷|大道|小区|饭店|宾馆|面馆|牛肉面|菜馆|银行|桥)")
"""武威路 and 西安大道 are streets of many cities: a name before one of these is none of a city."""


def other_city(place: str, city: str) -> str:
    """Return the other city that a place names, empty when it names none or our own."""
    if city and city in place:
        return ""
    for name in _NAMES:
        if name == city or name not in place:
            continue
        after = place[place.index(name) + len(name) :]
        if not _STREET.match(after):
            return name.removesuffix("市")
    return ""
