"""The verbs a program has from afar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from treadle.client import nouns
from treadle.client.alerts import RemoteAlerts
from treadle.client.feedback import EndpointClient
from treadle.client.predictions import Predictions, predictions_of, question_of
from treadle.client.wire import Wire, path
from treadle.clock import as_utc

if TYPE_CHECKING:
    import httpx

    from treadle.datasets import DatasetVersion
    from treadle.evidence import Decision, Evidence
    from treadle.registry import ModelVersion, Promotion, RegisteredModel
    from treadle.tracking import Page, Run

Reference = int | str


def connect(
    url: str = "http://127.0.0.1:7717", token: str | None = None, *, timeout: float = 30.0, transport: Any = None
) -> Client:
    """A client of the server at `url`; `timeout` in seconds is for each request.

    Raises `InvalidInput` for an address that is none, `Unavailable` when nobody answers there, `Unauthenticated` or
    `Forbidden` when the token is not good, and each verb the same errors as in a local workspace.
    """
    client = Client(url, token, timeout=timeout, transport=transport)
    client.status()
    return client


class Client:
    """A Treadle server. `with connect(…) as client:` closes the connection at the end."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._wire = Wire(url, token, timeout=timeout, transport=transport)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._wire.url

    @property
    def alerts(self) -> RemoteAlerts:
        """What people should know about: list, acknowledge, silence, resolve."""
        return RemoteAlerts(self._wire)

    def status(self) -> dict[str, Any]:
        """The project at a glance, and as whom the server sees the caller."""
        return self._wire.get(path("status"))

    # models

    def models(self) -> list[RegisteredModel]:
        """Every registered model."""
        return [nouns.model_of(body) for body in self._wire.get(path("models"))]

    def versions(self, model: str, *, limit: int = 100) -> list[ModelVersion]:
        """The versions of a model, newest first. Raises `NotFound`."""
        return [nouns.version_of(body) for body in self._wire.get(path("models", model, "versions"), limit=limit)]

    def version(self, model: str, version: Reference = "champion") -> ModelVersion:
        """One version by number, alias or `"latest"`. Raises `NotFound`."""
        return nouns.version_of(self._wire.get(path("models", model, "versions", version)))

    def gates(self, model: str, version: Reference) -> Decision:
        """What the ledger says about a version's gates."""
        return nouns.decision_of(self._wire.get(path("models", model, "versions", version, "gates")))

    def document(self, model: str, version: Reference, name: str) -> Any:
        """A report kept with a version, such as `"evaluation"`. Raises `NotFound`."""
        return self._wire.get(path("models", model, "versions", version, "documents", name))

    def promote(
        self, model: str, version: Reference, *, why: str, alias: str = "champion", override: str | None = None
    ) -> Promotion:
        """Point an alias at a version. Raises `Refused` with every reason when a gate failed or lacks evidence."""
        body = {"version": version, "why": why, "alias": alias, "override": override}
        return nouns.promotion_of(self._wire.post(path("models", model, "promote"), body))

    def rollback(self, model: str, *, why: str, alias: str = "champion", to: Reference | None = None) -> Promotion:
        """Point an alias back at the version it was taken from. Raises `Conflict` when there is none."""
        body = {"why": why, "alias": alias, "to": to}
        return nouns.promotion_of(self._wire.post(path("models", model, "rollback"), body))

    def refuse(self, model: str, version: Reference, *, why: str) -> ModelVersion:
        """Refuse a version for good."""
        return nouns.version_of(self._wire.post(path("models", model, "versions", version, "refuse"), {"why": why}))

    def rollouts(self, model: str | None = None, *, limit: int = 100) -> list[dict[str, Any]]:
        """Rollouts (of a model), newest first, as `/api/v1/rollouts` gives them."""
        return self._wire.get(path("rollouts"), model=model, limit=limit)

    def rollout(self, id: str) -> dict[str, Any]:
        """One rollout."""
        return self._wire.get(path("rollouts", id))

    def start_rollout(self, model: str, version: Reference, *, why: str = "", **plan: Any) -> dict[str, Any]:
        """Roll a version out; `plan` as the fields of `/api/v1/rollouts`: kind, steps, samples, bake, …. Raises `Refused`."""
        return self._wire.post(path("rollouts"), {"model": model, "version": version, "why": why, **plan})

    def lead_rollout(
        self, id: str, move: Literal["pause", "resume", "abort", "promote"], *, why: str
    ) -> dict[str, Any]:
        """Pause, resume, abort or promote a rollout."""
        return self._wire.post(path("rollouts", id, move), {"why": why})

    def history(self, model: str, alias: str | None = None) -> list[Promotion]:
        """Every move of a model's aliases, newest first."""
        return [nouns.promotion_of(body) for body in self._wire.get(path("models", model, "history"), alias=alias)]

    # serving

    def predict(
        self, endpoint: str, rows: Any, *, at: datetime | None = None, ids: Sequence[str] | None = None
    ) -> Predictions:
        """Ask an endpoint about rows: a list of dicts, one dict, a pandas data frame or an Arrow table.

        `at` is the business moment of the request (now, when left out), `ids` prediction ids of your own. Raises
        `InvalidInput` that names a column which is missing, unknown or of the wrong type.
        """
        body = question_of(rows, at=at, ids=ids)
        return predictions_of(self._wire.post(f"/v2/models/{quote(endpoint, safe='')}/infer", body))

    def endpoint(self, name: str) -> EndpointClient:
        """One endpoint, to tell what turned out to be true about its predictions."""
        return EndpointClient(self._wire, name)

    def explain(self, prediction_id: str, *, endpoint: str | None = None) -> dict[str, Any]:
        """Why a prediction was made, as the server's REST tells it. Raises `NotFound`."""
        return self._wire.get(path("predictions", prediction_id, "explanation"), endpoint=endpoint)

    def endpoints(self) -> list[dict[str, Any]]:
        """What is served."""
        return self._wire.get(path("endpoints"))

    # retraining

    def retrain(self, loop: str, *, why: str, as_of: datetime | None = None) -> dict[str, Any]:
        """Ask for another turn of a loop; the request that waits now. Raises `NotFound` with the nearest name."""
        body = {"reason": why, "as_of": None if as_of is None else as_utc(as_of).isoformat()}
        return self._wire.post(path("loops", loop, "retrain"), body)

    def retrain_requests(self, loop: str | None = None, *, all: bool = False, limit: int = 50) -> list[dict[str, Any]]:
        """Requests to turn loops, newest first; with `all` also what was held back or passed over, and why."""
        return self._wire.get(path("retrain"), loop=loop, all="true" if all else None, limit=limit)

    def triggers(self, loop: str) -> list[dict[str, Any]]:
        """What would turn a loop now, and why the rest would not."""
        return self._wire.get(path("loops", loop, "triggers"))

    def send_event(
        self,
        type: str,
        *,
        source: str,
        id: str,
        subject: str | None = None,
        data: Any = None,
        at: datetime | None = None,
    ) -> dict[str, int]:
        """Send a CloudEvent; repeating it, with the same source and id, changes nothing."""
        given = {"subject": subject, "data": data, "time": None if at is None else as_utc(at).isoformat()}
        event = {"specversion": "1.0", "type": type, "source": source, "id": id}
        return self._wire.post(path("events"), event | {name: v for name, v in given.items() if v is not None})

    # runs

    def runs(
        self,
        experiment: str | None = None,
        *,
        filter: str = "",
        order_by: str = "",
        limit: int = 50,
        page: str | None = None,
    ) -> Page:
        """The runs that fit a filter such as `metrics.roc_auc > 0.7 and params.model = 'xgb'`, a page at a time."""
        from treadle.tracking import Page

        found = self._wire.get(
            path("runs"),
            experiment=experiment,
            filter=filter or None,
            order_by=order_by or None,
            limit=limit,
            page=page,
        )
        return Page(tuple(nouns.run_of(body) for body in found["runs"]), found["next"])

    def run(self, id: str) -> Run:
        """One run. Raises `NotFound`."""
        return nouns.run_of(self._wire.get(path("runs", id)))

    def start_run(
        self,
        experiment: str,
        *,
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Run:
        """Start a run; the experiment is made if it is new."""
        body = {"experiment": experiment, "name": name, "params": dict(params or {}), "tags": dict(tags or {})}
        return nouns.run_of(self._wire.post(path("runs"), body))

    def log(
        self,
        run: str,
        metrics: Mapping[str, float] | None = None,
        *,
        step: int = 0,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write metrics of one step, params and tags of a run: all or none."""
        points = [{"name": name, "value": value, "step": step} for name, value in (metrics or {}).items()]
        self._wire.post(path("runs", run, "log"), {"metrics": points, "params": params or {}, "tags": tags or {}})

    def finish(self, run: str, status: str = "finished") -> Run:
        """End a run."""
        return nouns.run_of(self._wire.post(path("runs", run, "finish"), {"status": status}))

    # data and trust

    def datasets(self) -> list[DatasetVersion]:
        """The newest version of every dataset."""
        return [nouns.dataset_of(body) for body in self._wire.get(path("datasets"))]

    def dataset(self, name: str, number: int | None = None) -> DatasetVersion:
        """One version of a dataset, by default the newest. Raises `NotFound`."""
        if number is None:
            return nouns.dataset_of(self._wire.get(path("datasets", name))[0])
        return nouns.dataset_of(self._wire.get(path("datasets", name, "versions", number)))

    def features(self, view: str, *, at: datetime | None = None, **entity: object) -> dict[str, Any]:
        """The online values of one entity of a feature view: `client.features("carrier_delay", carrier="UA")`."""
        key = {name: str(value) for name, value in entity.items()}
        return self._wire.get(path("features", view, "online"), at=as_utc(at).isoformat() if at else None, **key)

    def evidence(
        self,
        subject: str | None = None,
        *,
        check: str | None = None,
        stage: str | None = None,
        status: str | None = None,
        limit: int = 100,
    ) -> list[Evidence]:
        """Records of the ledger that fit, newest first; `subject` such as `"model_version:late-arrival@2"`."""
        found = self._wire.get(path("evidence"), subject=subject, check=check, stage=stage, status=status, limit=limit)
        return [nouns.evidence_of(body) for body in found]

    def verify(self, anchor: str | None = None) -> dict[str, Any]:
        """Whether the ledger is as it was written; `anchor` is a checkpoint kept elsewhere."""
        return self._wire.get(path("evidence", "verify"), anchor=anchor)

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self.url}>"

    def _repr_html_(self) -> str:
        now = self.status()
        where = f'<a href="{escape(self.url)}">{escape(self.url)}</a>'
        return (
            f"<b>{escape(now['project'])}</b> ({escape(now['environment'])}) at {where}, as {escape(now['principal'])}"
        )
