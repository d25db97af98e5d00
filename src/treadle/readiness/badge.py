"""The score as a small picture for a README."""

from __future__ import annotations

from xml.sax.saxutils import escape

from treadle.readiness.score import Score

_LABEL = "ML Test Score"
_COLOURS = ((3.0, "#2b7a3d"), (1.0, "#8a6100"), (0.0, "#9a5200"))  # white text on each has a contrast of 4.5 and more
_NONE, _BROKEN = "#5c5f66", "#b3261e"
_CHARACTER = 6.6  # pixels at 11 px
_PADDING = 8


def badge(score: Score) -> str:
    """An SVG that says the score, or that the ledger is broken."""
    said = f"{score.final:g}" if score.trusted else "ledger broken"
    left, right = (round(len(text) * _CHARACTER + 2 * _PADDING) for text in (_LABEL, said))
    width, colour = left + right, _colour(score)
    title = escape(f"{_LABEL}: {said}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<clipPath id="r"><rect width="{width}" height="20" rx="4"/></clipPath><g clip-path="url(#r)">'
        f'<rect width="{left}" height="20" fill="#40434a"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{left / 2:g}" y="14">{escape(_LABEL)}</text>'
        f'<text x="{left + right / 2:g}" y="14">{escape(said)}</text></g></svg>\n'
    )


def _colour(score: Score) -> str:
    if not score.trusted:
        return _BROKEN
    return next((colour for mark, colour in _COLOURS if score.final > mark), _NONE)
