"""Telephone, time, name and place as callers say them, in text without punctuation."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.numerals import write_numbers
from workorder.extract import hide
from workorder.extract_name import find_names, find_surnames
from workorder.extract_name_spelling import find_spellings
from workorder.extract_phone import find_phones
from workorder.extract_place import find_places
from workorder.extract_time import find_times

_SPEECH = st.text(alphabet="我叫姓王建国昨天晚上三点半路口小区号楼旁边那个的了不对13900000701零幺电话，", max_size=60)


def _said(text: str) -> str:
    return write_numbers(text).text


@pytest.mark.parametrize(
    ("said", "phone"),
    [
        ("我电话幺三九零零零零零七零幺", "13900000701"),
        ("一三九…不对，一三八零零零零零七零一", "13800000701"),
        ("幺三九零零零零零七零幺错了最后三位是七零二", "13900000702"),
        ("一三九零零零零零七零一不对一三八零零零零零七零一", "13800000701"),
        ("座机二三三零零五零", "2330050"),
        ("三单元五零二幺三九零零零零零七零幺", "13900000701"),
        ("物业电话零九三一二三三零零五零我的电话是幺三九零零零零零七零幺", "13900000701"),
        ("一三九哎不对一三八零零零零零七零一", "13800000701"),
        ("幺三八零零等一下我看看幺三八零零零零零七零一", "13800000701"),
        ("幺三八零零零零一二三四不不不后四位是一二四三", "13800001243"),
        ("幺三八零零零零零七零二哦最后是一不是二", "13800000701"),
        ("我的幺三八零零零零零七零一我老伴的幺三九零零零零零七零二打我的", "13900000702"),
        ("身份证六二零幺零三一九六零零幺零幺零零幺二电话幺三八零零零零零七零一", "13800000701"),
    ],
)
def test_the_number_to_call_back_is_found_and_corrected(said: str, phone: str) -> None:
    assert find_phones(_said(said))[0].value == phone


_CARD = "身份证号码六二零幺零三一三八零零零零七零幺零零幺"


@pytest.mark.parametrize("said", ["没有电话", "二零一八年", "幺三九零零零零", "一共三千五百块", _CARD])
def test_half_a_number_is_no_number(said: str) -> None:
    assert find_phones(_said(said)) == ()


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("从上周三开始就没水", "上周三"),
        ("昨天夜里十一点多响", "昨天夜里11点多"),
        ("每天早上六点就敲", "每天早上6点"),
        ("下午两点到晚上八点都在喊", "下午2点到晚上8点"),
        ("国庆那几天就坏了", "国庆那几天"),
        ("上个月底交的钱", "上个月底"),
        ("连着好几天停电", "连着好几天"),
        ("化雪的时候往下掉冰", "化雪的时候"),
        ("周六周日停满了车", "周六周日"),
        ("刚刚发现的", "刚刚"),
        ("搬迁以后没人管", "搬迁以后"),
        ("前儿个夜里就坏了", "前儿个夜里"),
        ("每周六都来", "每周六"),
        ("线杆拖到地上周二夜里刮的", "周二夜里"),
        ("停了十来天了", "十来天了"),
        ("仨月没人管", "仨月"),
        ("今年上半年反映过", "今年上半年"),
        ("昨晚刮大风吹断的", "昨晚刮大风"),
        ("前儿黑里十点多还在跳", "前儿黑里10点多"),
        ("漏水漏了三天三夜了", "三天三夜"),
        ("自从他们搬走到现在就没亮过", "自从他们搬走到现在"),
        ("上班高峰期根本走不动", "上班高峰期"),
        ("霜降前后就停了", "霜降前后"),
        ("每逢赶集的日子堵死", "每逢赶集的日子"),
        ("停了四十分钟收我三十前天傍晚的事", "前天傍晚"),
        ("牌子写的是八点我七点四十等的", "7点40"),
        ("这个月的三号夜里倒的", "这个月的3号夜里"),
        ("八号买的他不给退", "8号"),
        ("我姓江三点水的江昨天中午没水", "昨天中午"),
        ("前天停水检修之后开始发黄", "前天停水检修之后"),
        ("从早晨六点一直吵到晚上十一点", "早晨6点一直吵到晚上11点"),
        ("晚上十点到第二天早上六点响", "晚上10点到第二天早上6点"),
        ("灌渠挖断了春灌的时候没水浇地", "春灌的时候"),
        ("从装上就没锁过", "从装上"),
        ("每逢初一十五庙会就堵", "每逢初一十五"),
    ],
)
def test_the_time_is_what_the_caller_said(said: str, when: str) -> None:
    text = _said(said)
    assert find_times(hide(text, find_spellings(text)))[0].value.startswith(when)


def test_now_alone_is_too_weak_to_be_a_time() -> None:
    assert find_times("现在没掉")[0].confidence < 0.5


@pytest.mark.parametrize(
    ("said", "surname", "name"),
    [
        ("我叫韩雪梅住在东岗", "韩", "韩雪梅"),
        ("没人来修苏静怡电话13900000701", "苏", "苏静怡"),
        ("免贵姓欧阳", "欧阳", ""),
        ("弓长张", "张", ""),
        ("叫我小李就行", "李", ""),
        ("我是王老师", "王", ""),
        ("我爸叫李建国我叫李强", "李", "李强"),
    ],
)
def test_who_is_calling(said: str, surname: str, name: str) -> None:
    names = find_names(said)
    assert find_surnames(said, names)[0].value == surname
    assert (names[0].value if names else "") == name


@pytest.mark.parametrize("said", ["我是马滩村的村民", "我是成都来的", "没人管家长13900000701", "我姓什么不重要"])
def test_a_role_or_a_village_is_not_a_name(said: str) -> None:
    assert find_names(said) == ()


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("民族路和胜利街交叉口红绿灯坏了", ["民族路", "胜利街交叉口"]),
        ("我住锦绣家园3号楼2单元501室", ["锦绣家园3号楼2单元501室"]),
        ("就在武都路小学门口那个花坛旁边", ["武都路小学门口", "花坛旁边"]),
        ("黄家湾菜市场后面的空地上", ["黄家湾菜市场后面", "空地上"]),
        ("西果园镇上铺村高压线掉了", ["西果园镇上铺村"]),
    ],
)
def test_the_place_is_a_chain_of_names_and_landmarks(said: str, parts: list[str]) -> None:
    value = find_places(said)[0].value
    assert [part for part in parts if part not in value] == []


@pytest.mark.parametrize("said", ["马路上车太多", "我在走路", "家里没水", ""])
def test_words_that_only_look_like_places_stay_out(said: str) -> None:
    assert [place for place in find_places(said) if place.confidence >= 0.5] == []


@given(_SPEECH)
def test_every_finding_lies_inside_the_text(text: str) -> None:
    said = _said(text)
    names = find_names(said)
    for found in (*find_phones(said), *find_times(said), *names, *find_surnames(said, names), *find_places(said)):
        assert 0 <= found.begin < found.end <= len(said)
        assert 0 < found.confidence <= 1
        assert found.value


@pytest.mark.parametrize(
    "unit",
    ["路", "我叫", "昨天", "13900000701不对", "三点到", "小区那个", "一个", "王", "家湾的", "号楼", "1", "在东岗路上"],
)
def test_eight_thousand_characters_take_bounded_time(unit: str) -> None:
    text = (unit * 8000)[:8000]
    begun = time.process_time()
    names = find_names(text)
    find_phones(text), find_times(text), find_surnames(text, names), find_places(text)
    assert time.process_time() - begun < 3.0


def test_the_age_of_a_tree_is_not_when_it_happened() -> None:
    assert not find_times(_said("那棵三百年的老槐树树干空了"))


@pytest.mark.parametrize(
    ("said", "surname"),
    [
        ("我姓佘幺三九零零零零零七零幺", "佘"),
        ("烟大得很李师傅幺三九零零零零零七零幺", "李"),
        ("我叫左丘明", "左丘"),
        ("一晚上睡不着游素珍幺三九零零零零零七零幺", "游"),
        ("我姓章立早章不是弓长张", "章"),
        ("我姓xu双人旁的徐", "徐"),
        ("我是三栋的老卢幺三九零零零零零七零幺", "卢"),
        ("刚看到的宁宁静的宁幺三九零零零零零七零幺", "宁"),
        ("怕划着娃娃姓郝", "郝"),
        ("天天如此谢谢田宇幺三九零零零零零七零幺", "田"),
        ("我姓茅茅台的茅幺三九零零零零零七零幺", "茅"),
        ("登记梁女士就可以", "梁"),
        ("我这边是龚家湾的我姓把幺三九零零零零零七零幺", "把"),
        ("都两三年了保安老秦幺三九零零零零零七零幺", "秦"),
        ("天天都有关英幺三九零零零零零七零幺", "关"),
    ],
)
def test_rare_surnames_are_heard_where_callers_say_them(said: str, surname: str) -> None:
    text = _said(said)
    assert find_surnames(text, find_names(text))[0].value == surname


def test_a_house_is_not_its_dwellers_name() -> None:
    text = _said("我是吴家园六十一号院的住户")
    assert not find_names(text)
    assert find_places(text)[0].value == "吴家园61号院"


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("建兰路沃尔玛旁边充气拱门挡路", "建兰路沃尔玛旁边"),
        ("滨河路小西湖段的座椅", "滨河路小西湖段"),
        ("小西湖十字东北角的摄像头", "小西湖十字东北角"),
        ("雷坛河的水变成奶白色", "雷坛河"),
        ("有人摆到马路上来了", ""),
        ("硷滩路碧桂园三期没有门禁", "硷滩路碧桂园3期"),
        ("五星坪省建五公司家属院门口", "五星坪省建五公司家属院门口"),
        ("打电话没人接春江路锦绣花园十一栋二单元一六零三", "春江路锦绣花园11栋2单元1603"),
        ("宝塔山公园半山亭那儿一棵树", "宝塔山公园半山亭那儿"),
        ("人民路与解放路交会处西南角", "人民路与解放路交会处西南角"),
        ("我们小区翰林华府七号楼", "翰林华府7号楼"),
        ("在南门口被扣了", "南门口"),
        ("社区说等街道派车", ""),
        ("百货大楼旁边的公厕脏", "百货大楼旁边的公厕"),
        ("盘山公路二十公里处", "盘山公路20公里处"),
        ("大柳树路口红绿灯不亮", "大柳树路口红绿灯"),
    ],
)
def test_what_stands_beside_a_name_belongs_to_the_place(said: str, place: str) -> None:
    found = [each.value for each in find_places(_said(said)) if each.confidence >= 0.35]
    assert found[:1] == ([place] if place else [])
