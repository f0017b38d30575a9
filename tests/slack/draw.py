"""Draws an answer in Slack as an SVG, from the blocks that a snapshot of the tests holds:

    python3 tests/slack/draw.py tests/snapshots/slack/github_packages_token_scopes.snap > .github/answer.svg
"""

import json
import sys
from html import escape

WIDTH, LEFT, RIGHT = 720, 64, 24
SANS = "Lato, 'Helvetica Neue', Helvetica, Arial, sans-serif"
MONO = "Menlo, Consolas, 'Liberation Mono', monospace"
NARROW, WIDE = set("iljtfrI.,:;'|!()[]/ -`"), set("mwMW@%")


def width(text, style):
    """About as wide as a browser draws it; `textLength` makes it exactly so."""
    if style in ("code", "block"):
        return len(text) * 7.25
    size = sum(4.3 if c in NARROW else 12 if c in WIDE else 8 if c.isupper() else 7.4 for c in text)
    return size * {"title": 1.25, "bold": 1.05}.get(style, 1)


def pieces(text, style):
    """Where a line may end: behind blanks, in a link behind slashes, too."""
    marked = text.replace(" ", " \0")
    return (marked.replace("/", "/\0") if style == "link" else marked).split("\0")


class Page:
    def __init__(self):
        self.y, self.out = 20, []

    def put(self, x, text, style):
        if not text.strip():
            return width(text, style)
        size, weight, fill, family = {
            "title": (18, 900, "#1d1c1d", SANS),
            "bold": (15, 700, "#1d1c1d", SANS),
            "code": (12, 400, "#c01343", MONO),
            "block": (12, 400, "#1d1c1d", MONO),
            "link": (15, 400, "#1264a3", SANS),
            "small": (12, 400, "#616061", SANS),
        }.get(style, (15, 400, "#1d1c1d", SANS))
        wide = width(text, style)
        x += 2 if style == "code" else 0
        if style == "code":
            self.out.append(
                f'<rect x="{x - 2:.0f}" y="{self.y - 13}" width="{wide + 4:.0f}" height="18" rx="3" fill="#f8f8f8" stroke="#ddd"/>'
            )
        self.out.append(
            f'<text x="{x:.0f}" y="{self.y}" font-size="{size}" font-weight="{weight}" fill="{fill}" font-family="{family}" '
            f'textLength="{wide:.0f}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">{escape(text)}</text>'
        )
        return wide + (6 if style == "code" else 0)

    def words(self, spans, indent=0):
        """Spans of text on as many lines as they need."""
        x = LEFT + indent
        for text, style in spans:
            for word in pieces(text, style):
                if x + width(word.rstrip(), style) > WIDTH - RIGHT and x > LEFT + indent:
                    x, self.y = LEFT + indent, self.y + 22
                x += self.put(x, word, style)
        self.y += 22

    def block(self, text):
        lines, most = [], int((WIDTH - LEFT - RIGHT - 20) / 7.25)
        for line in text.split("\n"):
            lines += [line[i : i + most] for i in range(0, len(line), most)] or [""]
        self.out.append(
            f'<rect x="{LEFT}" y="{self.y - 14}" width="{WIDTH - LEFT - RIGHT}" height="{len(lines) * 18 + 12}" rx="4" '
            'fill="#f8f8f8" stroke="#ddd"/>'
        )
        self.y += 4
        for line in lines:
            self.put(LEFT + 10, line, "block")
            self.y += 18
        self.y += 14

    def rich(self, element, indent=0):
        kind = element["type"]
        if kind == "rich_text_preformatted":
            self.block("".join(part["text"] for part in element["elements"]))
        elif kind == "rich_text_list":
            for item in element["elements"]:
                self.put(LEFT + 8, "•", "plain")
                self.words([span(part) for part in item["elements"]], 26)
        else:
            self.words([span(part) for part in element["elements"]], indent)

    def buttons(self, elements):
        x = LEFT
        for button in elements:
            label = button["text"]["text"]
            wide = width(label, "bold") + 24
            if x + wide > WIDTH - RIGHT:
                x, self.y = LEFT, self.y + 38
            self.out.append(
                f'<rect x="{x:.0f}" y="{self.y - 12}" width="{wide:.0f}" height="30" rx="4" fill="#fff" stroke="#bbb"/>'
            )
            self.y += 8
            self.put(x + 12, label, "bold")
            self.y -= 8
            x += wide + 8
        self.y += 38


def span(part):
    style = part.get("style", {})
    if part["type"] == "link":
        return part.get("text") or part["url"], "link"
    return part["text"], "code" if style.get("code") else "bold" if style.get("bold") else "plain"


def draw(blocks):
    page = Page()
    page.out.append('<rect x="16" y="12" width="36" height="36" rx="6" fill="#7a1f1f"/>')
    page.out.append(f'<text x="34" y="36" font-size="18" font-weight="700" fill="#fff" font-family="{SANS}" text-anchor="middle">n</text>')
    page.y = 26
    x = LEFT + page.put(LEFT, "npmfix", "bold") + 6
    page.put(x, "APP  10:42", "small")
    page.y = 52
    for block in blocks:
        if block["type"] == "header":
            page.y += 4
            page.words([(block["text"]["text"], "title")])
        elif block["type"] == "rich_text":
            for element in block["elements"]:
                page.rich(element)
            page.y += 6
        elif block["type"] == "actions":
            page.buttons(block["elements"])
    body = "\n".join(page.out)
    height = page.y + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">\n'
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#fff" stroke="#ddd"/>\n{body}\n</svg>'
    )


if __name__ == "__main__":
    snapshot = open(sys.argv[1], encoding="utf-8").read().split("---\n", 2)[-1]
    print(draw(json.loads(snapshot)["blocks"]))
