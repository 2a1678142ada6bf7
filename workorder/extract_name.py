"""The caller's name and surname: 我叫马淑芳, 免贵姓王, 弓长张, or a bare 吴斌 before the telephone number."""

from __future__ import annotations

import re

from workorder.extract import HIDDEN, Found
from workorder.extract_name_characters import (
    COMMON_GIVEN,
    COMMON_SURNAMES,
    COMPOUND_SURNAMES,
    DESCRIBED_SURNAMES,
    NOT_A_NAME,
    OTHER_GIVEN,
    OTHER_SURNAMES,
    TITLES,
)
from workorder.extract_name_spelling import BY_RADICAL, BY_WORD, SPELLING
from workorder.extract_place_words import TERRAIN

_SURNAMES = COMMON_SURNAMES | OTHER_SURNAMES
_GIVEN = COMMON_GIVEN | OTHER_GIVEN
_TITLE = "|".join(sorted(TITLES, key=len, reverse=True))
_FULL_CUE = re.compile(
    r"(?:我的名字叫?是?|我名字叫?是?|名字叫|名叫|姓名是?|我叫|我就叫|叫我|登记人是?|联系人是?|"
    r"联系人叫|本人叫?|我是|俺叫|俺是|我这边是|这边叫|兵叫|这里是|^叫|人叫)(?:做|个)?[:：，, ]?"
)
_SURNAME_CUE = re.compile(r"(?:免贵姓|我免贵姓|免贵|我本人姓|我姓|本人姓|俺姓|姓|鄙姓|小姓)[，, ]?")
_THIRD = re.compile(
    r"(?:他|她|老公|媳妇|老婆|丈夫|妻子|爸|妈|父亲|母亲|儿子|女儿|孩子|娃|老板|司机|房东|邻居|"
    r"那人|那个人|店主|主任|对方|老师|负责人|经理|书记|村长|队长|包工头|工头|师傅|大夫|医生|护士|警官|民警|店家|物业|客服|保安|同学|同事)(?:也|就)?(?:是)?(?:名字)?$"
)
_NICKNAME = re.compile(
    rf"(?:叫我|喊我|叫|称呼我?|登记|就写|就留|留个|记个)(?:小|老|阿)?(?P<surname>[\u4e00-\u9fff])(?:{_TITLE}|就行|就好|就可以)"
)
_FAMILIAR = re.compile(r"(?:叫我|喊我|称呼我)[小老](?P<surname>[\u4e00-\u9fff])")
_TITLED = re.compile(rf"(?:我是|我这边是|免贵|这边是|我就是)(?:小|老)?(?P<surname>[\u4e00-\u9fff])(?:{_TITLE})")
_THANKS = re.compile(r"多谢|谢谢+|感谢")
_HOUSEMATE = re.compile(
    r"我(?:就)?(?:是|姓)[^\x01，。我你他她]{0,9}?[小老](?P<surname>[\u4e00-\u9fff])(?=\d|$|[\x01，。]|电话|(?P=surname))"
)
"""我是业主小董幺三九…, 我是二栋的老卢幺三五…: only where the sentence ends with it."""
_FAMILIAR_END = re.compile(r"[小老](?P<surname>[\u4e00-\u9fff])(?=[，。,. ]*(?:电话|手机|号码)?是?\d{7,})")
"""…保安老秦幺三九…: right before the number."""
_WHOLE = re.compile(r"我叫(?P<name>[\u4e00-\u9fff]{3,7})(?=\d{7}|$)")
"""我叫阿依古丽幺三九…: a name of another people's manner, taken whole."""
_NOT_THIS = re.compile(r"(?:不是|不叫|别写成?|可不是)(?:那个)?$")
_LAST_WORD = re.compile(r"(?:[，。,.]|$|\d{7,}|电话|手机)")
_SPELT = re.compile(r"^(?P<what>[\u4e00-\u9fff]{2,5}?)的(?P<char>[\u4e00-\u9fff])")
_BEFORE_PHONE = re.compile(
    r"(?:(?:我的|我|联系)?(?:电话号码|手机号码|联系电话|联系方式|电话号|手机号|电话|手机|号码|"
    r"座机|联系我)(?:是|就是|为)?|是)?[，,。.：: 　]*$"
)
_ENDS_WELL = re.compile(
    r"(?:$|[\x01，。,.！!？?；;、\s]|\d(?!\d{0,3}(?:号|栋|楼|单元|室))|我|俺|住|在|家|电话|手机|号码|联系|是|就是|想|要|你|这|"
    r"那|他|她|今|昨|前|孩子|快|请|跟|和|也|刚才|最近|的电话|人在|咱|反映|投诉|咨询|举报|现在|"
    r"有|从|到|每|听说|给|男|女|\w{2,4}(?:路|街|村|小区|社区|镇|县|区|巷|新村|家园))"
)
_NEVER_GIVEN = frozenset(
    "的了吗呢吧啊呀着过不没是有在来去上下里外前后面边头子们这那什么个家人都也就还要能会修管看说得到给被把快点电话姓叫"
    "钱事车路水房坏死臭脏乱多少大小不很好真最再又才可想请望谢您你我他她它什样街巷号楼院区村镇厂店站场了"
)
_NEVER_A_SURNAME = frozenset("什啥名氏的了是不我你他她它们在有就这那哪都也很还没说啊呢吧吗着过把被让给")
_FAMILIAR_FIRST = frozenset("小阿")
"""我叫小鹏: what one is called at home, with no surname in it."""
_BARE_TITLE = re.compile(
    rf"(?P<surname>[\u4e00-\u9fff])(?:{'|'.join(each for each in TITLES if len(each) == 2)})"
    r"(?=[，。,.：: ]*(?:(?:我的)?(?:联系)?(?:电话|手机|号码)\w{0,3}?)?[，。,.：: ]*(?:\d{7,}|$))"
)
"""…烟大得很李师傅幺三九…: a surname with its title, right before the number or at the end."""
_ENDS_A_CLAUSE = frozenset("了的着呢吧来去管修亮响走过住到开出样天用看行怕心气水理查问路上下里起倒黑断坏停放堆")
_WORD_LIKE = frozenset("扶路水和成时关从门车通都全边冷房单解能强沙空应到支原官衣用家经有管明保师双富弓山平游盖厚")
"""Surnames that mostly end a word before a bare name: …盐场路|柳青."""
_ROLE = re.compile(
    r"^(?:业主|居民|村民|市民|学生|家长|租户|住户|司机|骑手|老师|护工|保安|员工|农民|工人|商户|"
    r"店主|一|个|这|那|咱|你|路过|在|就|想|打|来|说|住|做|开|不|也|从|本地|外地)"
)


_NAMES_ITSELF = re.compile(r"姓|我叫|叫我|名字|匿名|留名|不说了|保密|师傅|先生|女士")
"""Who says this gives the name there, or not at all; else a bare name stands before the number."""
_STOP_IN_NAMES = frozenset("的了我你他她是在有住说想要不没这那就和")


def find_names(text: str) -> tuple[Found, ...]:
    """Return the caller's full names, likeliest first; telephone numbers should still stand in `text`."""
    found: list[Found] = []
    text = _THANKS.sub(lambda match: HIDDEN * len(match.group()), text)
    for cue in _FULL_CUE.finditer(text):
        begin = cue.end()
        if _THIRD.search(text[max(0, cue.start() - 6) : cue.start()]):
            continue
        is_weak = (
            cue.group().startswith(("我是", "我这边是", "俺是", "这里是", "叫", "人叫")) and cue.group()[0] not in "叫"
        )
        best = _best_name(text, begin, is_weak=is_weak)
        if best is not None:
            found.append(Found(best, begin, begin + len(best), 0.75 if is_weak else 0.9, "name.cue"))
    is_said_elsewhere = bool(found) or _NAMES_ITSELF.search(text) is not None
    for phone in re.finditer(r"\d{7,}", text):
        before = _name_before(text, phone.start(), is_said_elsewhere=is_said_elsewhere)
        if before is not None:
            found.append(before)
    for match in _WHOLE.finditer(text):
        if not is_surname(match["name"]) and not _STOP_IN_NAMES & set(match["name"]):
            found.append(Found(match["name"], *match.span("name"), 0.85, "name.whole"))
    if not found and re.search(r"\d{7,}", text[:-1]) and (last := _name_at_end(text)) is not None:
        found.append(last)
    found.sort(key=lambda each: (-each.confidence, each.begin))
    return tuple(found)


def find_surnames(text: str, names: tuple[Found, ...]) -> tuple[Found, ...]:
    """Return the caller's surnames, likeliest first, from cues (我姓…, …先生) and from full names."""
    found = [_surname_of(name) for name in names if name.value[0] not in _FAMILIAR_FIRST]
    for cue in _SURNAME_CUE.finditer(text):
        begin = cue.end()
        if text[begin : begin + 1] in ("", "什", "啥", "名"):
            continue
        if _THIRD.search(text[max(0, cue.start() - 6) : cue.start()]):
            if cue.group() == "姓" and text[begin] in _SURNAMES and _LAST_WORD.match(text, begin + 1):
                found.append(Found(text[begin], begin, begin + 1, 0.7, "surname.last"))
            continue
        described = next((said for said in DESCRIBED_SURNAMES if text.startswith(said, begin)), "")
        if described:
            end = begin + len(described)
            found.append(Found(DESCRIBED_SURNAMES[described], begin, end, 0.95, "surname.described"))
            continue
        compound = next((said for said in COMPOUND_SURNAMES if text.startswith(said, begin)), "")
        if compound:
            found.append(Found(compound, begin, begin + 2, 0.95, "surname.cue"))
        elif text[begin] in _SURNAMES:
            sureness = 0.95 if text[begin] in COMMON_SURNAMES else 0.9
            found.append(Found(text[begin], begin, begin + 1, sureness, "surname.cue"))
        elif cue.group() != "姓" and _is_hanzi(text[begin]) and _LAST_WORD.match(text, begin + 1):
            found.append(Found(text[begin], begin, begin + 1, 0.85, "surname.rare"))
        elif (
            _is_hanzi(text[begin])
            and text[begin] not in _NEVER_A_SURNAME
            and (_ENDS_WELL.match(text[begin + 1 : begin + 20]) or SPELLING.match(text, begin))
        ):
            found.append(Found(text[begin], begin, begin + 1, 0.75, "surname.rare"))
    for pattern in (_TITLED, _NICKNAME, _FAMILIAR, _BARE_TITLE):
        for match in pattern.finditer(text):
            if match["surname"] in _SURNAMES:
                found.append(
                    Found(match["surname"], match.start("surname"), match.end("surname"), 0.8, "surname.title")
                )
    for match in BY_RADICAL.finditer(text):
        if match["surname"] in _SURNAMES and match.start() and not _NOT_THIS.search(text, 0, match.start()):
            found.append(Found(match["surname"], *match.span("surname"), 0.8, "surname.radical"))
    for match in BY_WORD.finditer(text):
        if match["surname"] in _SURNAMES and text[match.start() - 1 : match.start()] not in ("不", "别"):
            found.append(Found(match["surname"], *match.span("surname"), 0.8, "surname.described"))
    for match in (*_HOUSEMATE.finditer(text), *_FAMILIAR_END.finditer(text)):
        if match["surname"] in _SURNAMES:
            found.append(Found(match["surname"], *match.span("surname"), 0.7, "surname.familiar"))
    for said, surname in DESCRIBED_SURNAMES.items():
        at = text.find(said)
        if at >= 0 and not _NOT_THIS.search(text, max(0, at - 4), at):
            found.append(Found(surname, at, at + len(said), 0.85, "surname.described"))
    found.sort(key=lambda each: (-each.confidence, each.begin))
    return tuple(found)


def _surname_of(name: Found) -> Found:
    surname = name.value[:2] if name.value[:2] in COMPOUND_SURNAMES else name.value[0]
    return Found(surname, name.begin, name.begin + len(surname), name.confidence, "surname.name")


def _best_name(text: str, begin: int, *, is_weak: bool) -> str | None:
    """Return the likeliest name that starts at `begin`, of two to four characters."""
    surname = text[begin : begin + 2] if text[begin : begin + 2] in COMPOUND_SURNAMES else text[begin : begin + 1]
    if not surname or (surname[0] not in _SURNAMES and len(surname) == 1) or _ROLE.match(text[begin:]):
        return None
    best: tuple[float, str] | None = None
    for length in (1, 2):
        given = text[begin + len(surname) : begin + len(surname) + length]
        if len(given) < length or not all(_is_hanzi(char) for char in given):
            continue
        name = surname + given
        if given[0] == "家" and given[1:] and given[1] in TERRAIN:
            continue
        after = text[begin + len(name) : begin + len(name) + 8]
        score = _likelihood(surname, given) + (2.0 if _ENDS_WELL.match(after) else 0.0) + _second_bonus(given)
        if after[:1] == "的" or name in NOT_A_NAME or (is_weak and re.match(r"[市县区镇村路街家小社]|的", after)):
            score -= 4.0
        if re.match(r"[\u4e00-\u9fff]?\d{1,4}(?:号|栋|楼|院|单元|室)", after):
            score -= 4.0
        if is_weak and re.match(rf"(?:{_TITLE})", given):
            score -= 4.0
        if best is None or score > best[0]:
            best = (score, name)
    return best[1] if best is not None and best[0] >= (3.0 if is_weak else 2.0) else None


def _name_before(text: str, phone: int, *, is_said_elsewhere: bool) -> Found | None:
    """Return the bare name that stands before a telephone number: …直往楼上冲吴斌，13700000503."""
    before = text[max(0, phone - 30) : phone]
    cue = _BEFORE_PHONE.search(before)
    before = before[: cue.start()] if cue is not None else before
    before = re.sub(r"[，,。.：:\s]+$", "", before)
    end = max(0, phone - 30) + len(before)
    best: tuple[float, str] | None = None
    for length in (2, 3, 4):
        name = before[-length:]
        surname = name[:2] if name[:2] in COMPOUND_SURNAMES else name[:1]
        given = name[len(surname) :]
        if len(name) < length or not 1 <= len(given) <= 2 or (surname[0] not in _SURNAMES and len(surname) == 1):
            continue
        if name in NOT_A_NAME or given in NOT_A_NAME or not all(char in _GIVEN for char in given):
            continue
        previous = before[: len(before) - length][-1:]
        score = _likelihood(surname, given) + (
            1.5 if previous in ("", "，", "。", ",", HIDDEN, "叫", "是", "了", "的") else 0.0
        )
        score += 0.7 * (length - 2)
        if length == 2 and previous == "姓":
            continue
        if surname in _WORD_LIKE:
            score -= 1.5 if length == 2 else 0.9
        if best is None or score > best[0]:
            best = (score, name)
    if best is None or best[0] < (1.25 if is_said_elsewhere else 0.5):
        return _unusual_name_before(before, end, is_said_elsewhere=is_said_elsewhere)
    return Found(
        best[1], end - len(best[1]), end, 0.8 if best[0] >= 3 else 0.65 if best[0] >= 2 else 0.6, "name.before_phone"
    )


def _unusual_name_before(before: str, end: int, *, is_said_elsewhere: bool) -> Found | None:
    """Return a surname with unusual characters (雷鸣, 商鞅): where callers say their name, so good enough to ask."""
    best: tuple[float, str] | None = None
    for length in (2, 3, 4):
        name = before[-length:]
        is_compound = name[:2] in COMPOUND_SURNAMES and length > 2
        given = name[2 if is_compound else 1 :]
        if len(name) < length or len(given) > 2 or not _is_all_hanzi(name) or _NEVER_GIVEN & set(given):
            continue
        if not (is_compound or name[0] in _SURNAMES) or name in NOT_A_NAME or given in NOT_A_NAME:
            continue
        score = 1.5 if is_compound else 1.0 if name[0] in COMMON_SURNAMES else 0.4
        score += 0.7 * sum(char in _GIVEN for char in given) / len(given)
        score += 0.8 * (len(given) == 2 and given[0] == given[1])
        score += 0.6 * (before[: len(before) - length][-1:] in _ENDS_A_CLAUSE)
        score -= 0.8 * (name[0] in _WORD_LIKE)
        if best is None or score > best[0]:
            best = (score, name)
    if best is None or best[0] < (0.95 if is_said_elsewhere else 0.7):
        return None
    return Found(best[1], end - len(best[1]), end, 0.6, "name.before_phone")


def _name_at_end(text: str) -> Found | None:
    """Return a plain name that ends the call after its number: …幺三九…这个停车场乱收费，常乐."""
    end = len(text.rstrip("，。,. "))
    for length in (3, 2):
        name = text[max(0, end - length) : end]
        if len(name) == length > 1 and name[0] in _SURNAMES and _is_all_hanzi(name) and name not in NOT_A_NAME:
            previous = text[: end - length][-1:]
            if name[0] not in _WORD_LIKE and _likelihood(name[0], name[1:]) >= 2.8 and not _NEVER_GIVEN & set(name[1:]):
                return Found(name, end - length, end, 0.6, "name.at_end") if previous not in ("姓", "叫") else None
    return None


def _is_all_hanzi(text: str) -> bool:
    return all(_is_hanzi(char) for char in text)


def _likelihood(surname: str, given: str) -> float:
    """Return how usual the characters are in names; about 3 for a plain name."""
    score = 1.5 if surname in COMMON_SURNAMES or len(surname) == 2 else 0.6
    marks = [1.5 if char in COMMON_GIVEN else 0.7 if char in _GIVEN else -1.5 for char in given]
    return score + sum(marks) / len(marks)


def _second_bonus(given: str) -> float:
    """Return what speaks for a second given character: it is a usual one, so the name probably goes on."""
    if len(given) < 2:
        return 0.0
    return 1.0 if given[1] in COMMON_GIVEN else 0.4


def _is_hanzi(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def is_surname(text: str) -> bool:
    """Whether `text` begins with a surname."""
    return text[:2] in COMPOUND_SURNAMES or text[:1] in _SURNAMES
