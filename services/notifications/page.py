"""A letter's plain text as the HTML that stands beside it: the same words."""

import re
from collections.abc import Iterable
from itertools import groupby

from markupsafe import escape

RIGHT_TO_LEFT = frozenset({"ar"})
_ADDRESS = re.compile(r"https?://\S*[\w/=;]")
_PAGE = """\
<!doctype html>
<html lang="{language}" dir="{direction}">
<head><meta charset="utf-8"><title>{title}</title></head>
<body dir="{direction}" style="font-family: sans-serif; line-height: 1.5; max-width: 40em">
{blocks}</body>
</html>"""


def page(title: str, text: str, language: str) -> str:
    """Paragraphs and lists, web addresses as links. Nothing of the text is taken for HTML."""
    linked = _ADDRESS.sub(r'<a href="\g<0>">\g<0></a>', str(escape(text)))
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    blocks = "".join(map(_blocks, linked.split("\n\n")))
    return _PAGE.format(language=language, direction=direction, title=escape(title), blocks=blocks)


def _blocks(paragraph: str) -> str:
    """Lines that begin with a dash are a list's."""
    runs = groupby(filter(None, paragraph.split("\n")), key=lambda line: line.startswith("- "))
    return "".join(_list(lines) if is_list else f"<p>{' '.join(lines)}</p>\n" for is_list, lines in runs)


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{line.removeprefix('- ')}</li>\n" for line in lines)
    return f"<ul>\n{items}</ul>\n"
