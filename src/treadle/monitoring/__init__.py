"""Monitors: checks of live windows of traffic against what the model was released on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.monitoring.alerts.alert import SEVERITIES, STATES, Alert, AlertEvent, Severity
    from treadle.monitoring.alerts.alerts import Alerts
    from treadle.monitoring.alerts.announcing import Announcer
    from treadle.monitoring.alerts.decision import Rhythm
    from treadle.monitoring.alerts.message import alert_dict
    from treadle.monitoring.alerts.outbox import Message, Outbox, Parcel
    from treadle.monitoring.alerts.silence import Silence, matches
    from treadle.monitoring.checks import (
        Dependencies,
        Drift,
        FeatureJobs,
        Finite,
        LabelDrift,
        Latency,
        OfflineOnlineCorrelation,
        OutOfRange,
        PredictionDrift,
        QualityDrop,
        RequestInvariants,
        Skew,
        SlowLeak,
        Stale,
        StaleStage,
        Throughput,
    )
    from treadle.monitoring.correlation import Correlation, spearman
    from treadle.monitoring.coverage import AgeShare, LabelStats
    from treadle.monitoring.entries import FeedbackBody, entries_of, read_body
    from treadle.monitoring.feedback import Feedback
    from treadle.monitoring.jackknife import measured
    from treadle.monitoring.keeping import Expired, retained_from
    from treadle.monitoring.labels import LabelEntry, LabelEvent, Received
    from treadle.monitoring.loss import losses
    from treadle.monitoring.monitor import Monitor
    from treadle.monitoring.monitoring import Monitoring
    from treadle.monitoring.observations import Collected, Observations, Observed
    from treadle.monitoring.reference import REFERENCE, Reference
    from treadle.monitoring.signals import Signal
    from treadle.monitoring.standard import monitors_of, standard_monitors
    from treadle.monitoring.standing import made_of
    from treadle.monitoring.tables import Tables
    from treadle.monitoring.watched import Watched
    from treadle.monitoring.window import LiveWindow

__all__ = [
    "REFERENCE",
    "SEVERITIES",
    "STATES",
    "AgeShare",
    "Alert",
    "AlertEvent",
    "Alerts",
    "Announcer",
    "Collected",
    "Correlation",
    "Dependencies",
    "Drift",
    "Expired",
    "FeatureJobs",
    "Feedback",
    "FeedbackBody",
    "Finite",
    "LabelDrift",
    "LabelEntry",
    "LabelEvent",
    "LabelStats",
    "Latency",
    "LiveWindow",
    "Message",
    "Monitor",
    "Monitoring",
    "Observations",
    "Observed",
    "OfflineOnlineCorrelation",
    "OutOfRange",
    "Outbox",
    "Parcel",
    "PredictionDrift",
    "QualityDrop",
    "Received",
    "Reference",
    "RequestInvariants",
    "Rhythm",
    "Severity",
    "Signal",
    "Silence",
    "Skew",
    "SlowLeak",
    "Stale",
    "StaleStage",
    "Tables",
    "Throughput",
    "Watched",
    "alert_dict",
    "entries_of",
    "losses",
    "made_of",
    "matches",
    "measured",
    "monitors_of",
    "read_body",
    "retained_from",
    "spearman",
    "standard_monitors",
]

__getattr__ = door(
    __name__,
    {
        "AgeShare": "coverage",
        "Alert": "alerts.alert",
        "AlertEvent": "alerts.alert",
        "Alerts": "alerts.alerts",
        "Announcer": "alerts.announcing",
        "Collected": "observations",
        "Correlation": "correlation",
        "Dependencies": "checks",
        "Drift": "checks",
        "Expired": "keeping",
        "FeatureJobs": "checks",
        "Feedback": "feedback",
        "FeedbackBody": "entries",
        "Finite": "checks",
        "LabelDrift": "checks",
        "LabelEntry": "labels",
        "LabelEvent": "labels",
        "LabelStats": "coverage",
        "Latency": "checks",
        "LiveWindow": "window",
        "Message": "alerts.outbox",
        "Monitor": "monitor",
        "Monitoring": "monitoring",
        "Observations": "observations",
        "Observed": "observations",
        "OfflineOnlineCorrelation": "checks",
        "OutOfRange": "checks",
        "Outbox": "alerts.outbox",
        "Parcel": "alerts.outbox",
        "PredictionDrift": "checks",
        "QualityDrop": "checks",
        "REFERENCE": "reference",
        "Received": "labels",
        "Reference": "reference",
        "RequestInvariants": "checks",
        "Rhythm": "alerts.decision",
        "SEVERITIES": "alerts.alert",
        "STATES": "alerts.alert",
        "Severity": "alerts.alert",
        "Signal": "signals",
        "Silence": "alerts.silence",
        "Skew": "checks",
        "SlowLeak": "checks",
        "Stale": "checks",
        "StaleStage": "checks",
        "Tables": "tables",
        "Throughput": "checks",
        "Watched": "watched",
        "alert_dict": "alerts.message",
        "entries_of": "entries",
        "losses": "loss",
        "made_of": "standing",
        "matches": "alerts.silence",
        "measured": "jackknife",
        "monitors_of": "standard",
        "read_body": "entries",
        "retained_from": "keeping",
        "spearman": "correlation",
        "standard_monitors": "standard",
    },
)
