"""The packed dictionary is jieba's own, word for word: every text is cut as jieba would cut it."""

from texts import dictionary


def test_the_packed_table_is_the_original() -> None:
    assert dictionary.load() == dictionary.original()


def test_whoever_adds_words_adds_them_to_a_table_of_his_own() -> None:
    mine, _ = dictionary.load()
    mine["党小栖"] = 7
    assert "党小栖" not in dictionary.load()[0]
