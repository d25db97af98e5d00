"""The sample data of a new project: made-up orders of six shops, the same every time."""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, datetime, timedelta

SHOPS = ("harbour", "market", "mill", "north", "park", "station")
LATE_AFTER = 45  # minutes
COLUMNS = (
    "order_id",
    "ordered_at",
    "delivered_at",
    "shop",
    "distance_km",
    "items",
    "hour",
    "weekday",
    "rain_mm",
    "minutes",
    "late",
)


def orders(rows: int = 2_400, seed: int = 7) -> str:
    """A CSV of `rows` orders over some sixty days from 2025-01-06; a delivery is late after 45 minutes.

    What makes one late can be learned: distance, items, rush hours, rain, and how the shop has been doing lately.

    >>> orders(1).splitlines()[0]
    'order_id,ordered_at,delivered_at,shop,distance_km,items,hour,weekday,rain_mm,minutes,late'
    """
    chance = random.Random(seed)
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(COLUMNS)
    trouble: dict[str, float] = dict.fromkeys(SHOPS, 0.0)
    ordered_at = datetime(2025, 1, 6, 10, tzinfo=UTC)
    day, rain = None, 0.0
    for number in range(1, rows + 1):
        ordered_at = _next_order(ordered_at, chance)
        if ordered_at.date() != day:
            day, rain = ordered_at.date(), max(0.0, chance.gauss(-1.0, 2.5))
            trouble = {shop: 0.8 * level + chance.gauss(0.0, 3.5) for shop, level in trouble.items()}
        lines.writerow([f"order-{number:05d}", *_order(ordered_at, rain, trouble, chance)])
    return out.getvalue()


def _order(ordered_at: datetime, rain: float, trouble: dict[str, float], chance: random.Random) -> list[object]:
    shop = chance.choice(SHOPS)
    distance, items = round(chance.uniform(0.4, 9.0), 1), chance.randint(1, 9)
    rush = 6.0 if ordered_at.hour in (12, 18, 19) else 0.0
    minutes = 16.0 + 2.6 * distance + 1.0 * items + rush + 2.0 * rain + trouble[shop] + chance.gauss(0.0, 5.0)
    took = round(max(8.0, minutes))
    placed, delivered = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (ordered_at, ordered_at + timedelta(minutes=took)))
    late = "true" if took > LATE_AFTER else "false"
    about = [distance, items, ordered_at.hour, ordered_at.isoweekday(), round(rain, 1)]
    return [placed, delivered, shop, *about, took, late]


def _next_order(last: datetime, chance: random.Random) -> datetime:
    """Some minutes later, between ten in the morning and ten at night."""
    moment = last + timedelta(minutes=1 + int(chance.expovariate(1 / 17)))
    if moment.hour >= 22 or moment.hour < 10:
        moment = (moment + timedelta(hours=12)).replace(hour=10, minute=chance.randrange(20))
    return moment
