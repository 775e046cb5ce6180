"""Texts that stand for no value, in lower case."""

NO_TEXT = ("", "null", "none", "nan", "n/a", "<na>", "#n/a", "\\n", "nil")
NO_VALUE = NO_TEXT + ("na", "-", "--", "—", "nat", "无", "缺失", "未知")
