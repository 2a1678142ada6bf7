"""jieba is the named interface; its fast backend must cut alike."""

from __future__ import annotations

from routing.adapters.jieba_words import JiebaWords, reference_cut


def test_words_joined_give_the_text_and_cut_as_jieba_does() -> None:
    texts = ["我们小区门口的路灯坏了", "请问补办身份证要带什么材料", "敦煌路公交站牌倒了三天没人管"]
    ours, reference = JiebaWords(), reference_cut()
    for text in texts:
        assert "".join(ours.cut(text)) == text
        assert ours.cut(text) == reference(text)


def test_extra_words_stay_in_one_piece() -> None:
    assert "雨水箅子" in JiebaWords(["雨水箅子"]).cut("门口雨水箅子堵了")
