"""Makes up what has a shape of its own: names, streets, house numbers, telephone numbers, times, sums of money.

Each filling is a list of words, already segmented. All names are combined at random and belong to nobody.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from .numerals import DIGITS, spell_colloquial, spell_digits, spell_number, split_units

Words = list[str]

_PLACE_CHARACTERS = (
    "安宁康泰和平福寿祥瑞吉庆丰裕富强兴旺昌盛隆达通顺永长久远新华建设民生文明德仁义礼智信忠孝春夏秋冬东西南北中上下前后大小"
    "金银铜玉石水木火土山川河湖江海溪泉池塘湾港桥渡津林森松柏杨柳槐榆桑梅兰竹菊荷莲桂枫桃李杏梨枣樱花草禾麦稻田园圃苑庭"
    "龙凤虎马牛羊鹿鹤燕雁鹰天地日月星云霞雨雪风光明阳辉煌青红黄白黑蓝紫翠碧锦绣秀丽美佳嘉盈清静雅逸怡悦乐欢喜爱友谊团结"
    "城关楼台阁亭寺庙塔坊堡营屯寨坪坡岭峰岩沟洼滩湖畔洲岛甸坝渠井窑铺店集市场头尾口门王张李刘陈赵周吴徐孙郭何高罗郑梁谢宋唐"
    "许邓韩冯曹彭曾萧董潘袁蔡蒋余于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤"
)
_KNOWN_STREETS = (
    "人民 解放 中山 建设 幸福 文化 长江 黄河 和平 新华 胜利 光明 学院 东风 北京 上海 南京 迎宾 滨河 工业 朝阳 青年 友谊 健康 环城 振兴 花园 科技"
    " 体育场 延安 民主 团结 创业 前进 红旗 五一 八一 站前 府前 政府 公园 大学 师范 中心 世纪 高新 经济 平安 永安 长安 康乐 公安 人民公园 火车站 天山 昆仑"
    " 泰山 华山 黄山 长城 珠江 湘江 淮河 太湖 西湖 东湖 南湖 北湖 金山 银山 兴隆 复兴 中华 民族 国庆 重庆 天津 广州 武汉 西安 成都 桃园 梨园 杏林 银杏"
    " 玫瑰 牡丹 海棠 紫荆 丁香 芙蓉 梧桐 香樟 凤凰 麒麟 孔雀 海燕 黎明 曙光 朝晖 晨光 东方 南方 西站 东站 南站 北站 机场 纬一 经三 纬二 学府 书院 文昌 敦煌 酒泉"
).split()
_STREETS = "路 路 路 路 路 街 街 街 大道 大街 巷 巷 胡同 东路 西路 南路 北路 中路 一路 二路 三路 东街 西街 南街 北街 环路 辅路 支路 步行街 老街".split()
_DIRECTIONS = "东 西 南 北 中".split()
_COMMUNITIES = (
    "小区 小区 小区 小区 花园 花园 家园 苑 新村 新村 佳苑 公寓 社区 家属院 家属楼 城 府 里 园 湾 广场 嘉园 新城 华府 名苑 雅苑 大厦 国际 山庄 安置小区 公馆 庄园 新苑"
    " 花苑 庭院 大院 新居 一区 二区 东区 西区 北区 南区 一村 二村 三村"
).split()
_DISTRICTS = (
    "城关区 东区 西区 新区 高新区 开发区 经济开发区 城东区 城西区 城南区 城北区 河东区 河西区 朝阳区 新城区 南山区 江北区 鼓楼区 中山区 滨江区 和平区 市中区 东湖区 白云区 雨花区"
    " 长安区 桥西区 桥东区 海州区 青山区 红旗区 我们区 我们县 我们镇"
).split()
_TOWNS = "镇 镇 乡 街道 街道办 办事处".split()
_VILLAGES = "村 村 庄 屯 沟 坪 湾 堡 家村 家庄 家湾 家坪 家沟 家营 营村 新村 镇".split()
_SURNAMES = (
    "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 马 朱 胡 林 郭 何 高 罗 郑 梁 谢 宋 唐 许 邓 韩 冯 曹 彭 曾 肖 田 董 潘 袁 蔡 蒋 余 于 杜 叶 程 苏 魏 吕 丁 任 沈 姚 卢"
    " 姜 崔 钟 谭 陆 汪 范 金 石 廖 贾 夏 韦 傅 方 白 邹 孟 熊 秦 邱 江 尹 薛 闫 段 雷 侯 龙 史 陶 黎 贺 顾 毛 郝 龚 邵 万 钱 严 武 戴 莫 孔 向 汤 欧阳 司马 上官 诸葛"
).split()
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂兰玉梅红建国华志文辉海燕鹏斌波宇浩婷雪琴云飞龙凤春雷冬晨阳晓东林峰山松柏青翠萍莉莹璐瑶佳怡欣悦琪琳慧颖"
    "俊豪凯鑫宏伟德贵福荣祥生根宝财发才良善民学武斌彬庆丰年世昌永胜利家兴旺振亮光辉煌天佑子涵梓轩思远诗雨梦洁雅淑贞惠珍珠金凤银花素芬桃菊荷月娥翠花小大"
    "立新力维卫东成功长久正义忠孝仁礼智信安康宁泰和顺达启超越进步前瑞祥嘉乐启航宇轩昊然博文俊杰卓朗晴岚倩茜蓉薇菲妮娇媛"
)
_MONTHS = [spell_number(month) + "月" for month in range(1, 13)]


def _number_words(number: int, *, colloquial: bool = True) -> Words:
    return split_units(spell_colloquial(number) if colloquial else spell_number(number))


def _small(chance: random.Random) -> Words:
    number = chance.choice((*range(1, 11), *range(1, 31), 40, 50))
    return ["两"] if number == 2 else [spell_number(number)]


def _characters(chance: random.Random, pool: str, count: int) -> Words:
    return [chance.choice(pool) for _ in range(count)]


def _place_name(chance: random.Random) -> Words:
    if chance.random() < 0.45:
        return [chance.choice(_KNOWN_STREETS)]
    return _characters(chance, _PLACE_CHARACTERS, chance.choice((2, 2, 2, 2, 3)))


def road(chance: random.Random) -> Words:
    return [*_place_name(chance), chance.choice(_STREETS)]


def community(chance: random.Random) -> Words:
    roll = chance.random()
    if roll < 0.10:
        return chance.choice((["我们", "小区"], ["我家", "小区"], ["这个", "小区"], ["我们", "院"], ["我们", "家属院"]))
    return [*_place_name(chance), chance.choice(_COMMUNITIES)]


def _door(chance: random.Random) -> Words:
    number = chance.randint(1, 32) * 100 + chance.randint(1, 8) if chance.random() < 0.8 else chance.randint(101, 999)
    if chance.random() < 0.85:
        return list(spell_digits(str(number), phone=chance.random() < 0.25))
    return _number_words(number, colloquial=False)


def house(chance: random.Random) -> Words:
    words: Words = []
    if chance.random() < 0.75:
        words += [spell_number(chance.randint(1, 30)), chance.choice(("号楼", "号楼", "号楼", "栋", "幢", "楼", "号院"))]
    if chance.random() < 0.65 or not words:
        words += [spell_number(chance.randint(1, 6)), "单元"]
    if chance.random() < 0.6:
        words += [*_door(chance), *chance.choice(([], ["室"], ["室"], ["房"], ["号"]))]
    return words


def number(chance: random.Random) -> Words:
    return _number_words(chance.choice((chance.randint(1, 60), chance.randint(1, 400), chance.randint(1, 999))), colloquial=chance.random() < 0.3)


def district(chance: random.Random) -> Words:
    return [chance.choice(_DISTRICTS)]


def town(chance: random.Random) -> Words:
    return [*_place_name(chance), chance.choice(_TOWNS)]


def village(chance: random.Random) -> Words:
    return [*_place_name(chance), chance.choice(_VILLAGES)]


def surname(chance: random.Random) -> Words:
    return [chance.choice(_SURNAMES)]


def full_name(chance: random.Random) -> Words:
    return [chance.choice(_SURNAMES), *_characters(chance, _GIVEN, chance.choice((1, 2, 2, 2)))]


def phone(chance: random.Random) -> Words:
    one = chance.random() < 0.85
    if chance.random() < 0.88:
        digits = "1" + chance.choice("3345566778899") + "".join(chance.choices("0123456789", k=9))
    else:
        digits = chance.choice(("", "0" + "".join(chance.choices("123456789", k=3)))) + "".join(chance.choices("0123456789", k=chance.choice((7, 8))))
    return list(spell_digits(digits, phone=one))


def digits(chance: random.Random) -> Words:
    return list(spell_digits("".join(chance.choices("0123456789", k=chance.choice((3, 4, 4, 5, 6, 8, 10)))), phone=chance.random() < 0.6))


def plate(chance: random.Random) -> Words:
    return list(spell_digits("".join(chance.choices("0123456789", k=chance.choice((3, 4, 5)))), phone=chance.random() < 0.6))


def clock(chance: random.Random) -> Words:
    hour = chance.randint(1, 12) if chance.random() < 0.8 else chance.randint(13, 23)
    words = ["两" if hour == 2 else spell_number(hour), "点"]
    minute = chance.choice(("", "", "", "半", "多", "钟", "左右", "分"))
    if minute == "分":
        value = chance.choice((5, 10, 15, 20, 25, 30, 35, 40, 45, 50, chance.randint(1, 59)))
        return [*words, *(["零"] if value < 10 else []), spell_number(value), *chance.choice((["分"], []))]
    return [*words, minute] if minute else words


def month(chance: random.Random) -> Words:
    return [chance.choice(_MONTHS)]


def date(chance: random.Random) -> Words:
    day = [spell_number(chance.randint(1, 31)), chance.choice(("号", "号", "号", "日"))]
    return [*month(chance), *day] if chance.random() < 0.75 else day


def money(chance: random.Random) -> Words:
    figure = chance.choice(
        (chance.randint(1, 20) * 5, chance.randint(1, 99) * 10, chance.randint(1, 99) * 100, chance.randint(1, 30) * 1000,
         chance.randint(1, 60) * 10_000, chance.randint(10, 9999))
    )  # fmt: skip
    return [*_number_words(figure, colloquial=chance.random() < 0.85), *chance.choice((["块", "钱"], ["块"], ["元"], ["多", "块"], ["多", "块", "钱"], ["左右"], []))]


def hundred(chance: random.Random) -> Words:
    return _number_words(chance.choice((20, 30, 50, 60, 80, 100, 150, 200, 300, 400, 500, 800, 1000, 1500, 2000, 3000)))


def age(chance: random.Random) -> Words:
    return [spell_number(chance.choice((chance.randint(3, 18), chance.randint(50, 99))))]


def degree(chance: random.Random) -> Words:
    return [spell_number(chance.randint(6, 22))]


def bus(chance: random.Random) -> Words:
    route = chance.choice((chance.randint(1, 60), chance.randint(1, 150), chance.randint(100, 999)))
    if route > 100 and chance.random() < 0.6:
        return list(spell_digits(str(route), phone=chance.random() < 0.7))
    return _number_words(route, colloquial=False)


SHAPED: Mapping[str, Callable[[random.Random], Words]] = {
    "num": _small, "road": road, "community": community, "house": house, "number": number, "district": district,
    "town": town, "village": village, "surname": surname, "fullname": full_name, "phone": phone, "digits": digits,
    "plate": plate, "clock": clock, "month": month, "date": date, "money": money, "hundred": hundred, "age": age,
    "degree": degree, "bus": bus,
}  # fmt: skip

PLACES: Sequence[str] = (
    "{road}", "{road}{spot}", "{road}{number}号", "{road}{number}号{spot}", "{road}{landmark}{spot}", "{road}和{road}交叉口",
    "{road}与{road}路口", "{community}", "{community}", "{community}{spot}", "{community}{house}", "{community}{house}",
    "{district}{road}", "{district}{community}", "{district}{road}{number}号", "{landmark}{spot}", "{landmark}",
    "{town}{village}", "{village}", "{village}{num}组", "我家楼下", "我们小区", "我们小区{spot}", "我家门口", "我们村", "我们单位{spot}",
    "{road}{community}", "{road}{community}{house}", "{landmark}旁边的{community}", "{road}那个{shop}", "{road}一家{shop}",
    "{community}楼下的{shop}", "{road}{landmark}", "学校门口", "医院门口", "{road}中段", "{road}东口", "{district}{town}{village}",
)  # fmt: skip
"""Templates of the slot {place}."""

assert len(DIGITS) == 10
