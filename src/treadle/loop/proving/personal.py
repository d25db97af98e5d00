"""What personal data looks like: names of columns, and forms of values."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAMES = re.compile(
    r"(^|_)(e?_?mail|phone|mobile|fax|ssn|passport|surname|first_?name|last_?name|full_?name|birth(_?(day|date))?|dob|iban|"
    r"credit_?card|card_?number|street|address|ip(_?address)?|gender|sex|ethnicity|religion|national_?id|tax_?id)($|_)"
)
_FORMS = {
    "e-mail addresses": re.compile(r"[^@\s]{1,64}@[^@\s]{1,200}\.[A-Za-z]{2,24}"),
    "telephone numbers": re.compile(r"\+\d[\d ()-]{7,18}\d"),
    "IBANs": re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}"),
    "IP addresses": re.compile(r"(?:\d{1,3}\.){3}\d{1,3}"),
    "social security numbers": re.compile(r"\d{3}-\d{2}-\d{4}"),
}
_CARD = re.compile(r"(?:\d[ -]?){13,19}")
SHARE = 0.2  # of the values that must have a form before a column is taken for it


def suspicious_name(column: str) -> bool:
    """Whether a column's name says that it holds something personal.

    >>> suspicious_name("customer_email"), suspicious_name("dest"), suspicious_name("ship_to")
    (True, False, False)
    """
    return _NAMES.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower()) is not None


def personal_form(values: Iterable[str]) -> str:
    """What at least a fifth of the values look like, or nothing.

    >>> personal_form(["ada@example.org", "none"]), personal_form(["UA", "DL"]), personal_form(["4111 1111 1111 1111"])
    ('e-mail addresses', '', 'card numbers')
    """
    texts = [value.strip() for value in values]
    if not texts:
        return ""
    for said, form in _FORMS.items():
        if sum(form.fullmatch(text) is not None for text in texts) >= SHARE * len(texts):
            return said
    cards = sum(_CARD.fullmatch(text) is not None and _luhn(text) for text in texts)
    return "card numbers" if cards >= SHARE * len(texts) else ""


def _luhn(text: str) -> bool:
    """The check digit of card numbers (H. P. Luhn, US patent 2,950,048, 1960)."""
    digits = [int(character) for character in text if character.isdigit()][::-1]
    return sum(d if place % 2 == 0 else d * 2 - 9 * (d > 4) for place, d in enumerate(digits)) % 10 == 0
