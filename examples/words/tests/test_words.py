from words import count_vowels, initials, is_palindrome, most_common, split_words

VERSE = "The rain, the wind and the sea; the wind and the night."


def test_words_are_lower_case_without_punctuation():
    assert split_words('"Well," he said - (twice)!') == ["well", "he", "said", "-", "twice"]


def test_punctuation_alone_is_no_word():
    assert split_words(" ... , !") == []


def test_vowels_are_counted_in_either_case():
    assert count_vowels("Audio") == 4
    assert count_vowels("rhythm") == 0


def test_a_palindrome_reads_the_same_both_ways():
    assert is_palindrome("Never odd or even!")
    assert is_palindrome("")


def test_two_different_letters_are_no_palindrome():
    assert not is_palindrome("ab")


def test_the_most_common_words_come_first_and_ties_by_the_alphabet():
    assert most_common(VERSE, 1) == ["the"]
    assert most_common(VERSE, 3) == ["the", "and", "wind"]
    assert most_common(VERSE, 99) == ["the", "and", "wind", "night", "rain", "sea"]


def test_an_empty_text_has_no_common_words():
    assert most_common("", 3) == []


def test_initials_are_upper_case_with_a_full_stop_each():
    assert initials("grace brewster hopper") == "G.B.H."
