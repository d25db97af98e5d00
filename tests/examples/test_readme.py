"""The README shows the very file that the demo runs."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_in_the_readme_is_the_flights_example() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = readme.split("<!-- loop.py -->\n```python\n")[1].split("```\n<!-- end -->")[0]
    assert shown == (ROOT / "examples" / "flights" / "loop.py").read_text("utf-8")


def test_every_file_the_readme_links_to_is_there() -> None:
    import re

    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text("utf-8")):
        assert (ROOT / target).exists(), target
