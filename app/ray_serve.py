"""``shenxiang serve-model`` on Ray Serve: in each replica the same web application over the same children.

Ray starts it by ``deploy/ray/serve.yaml``, which also says how many replicas there are and what each takes;
docs/howto/ray.md. A replica is ready once a child of it has loaded the model.
"""

import ray
from ray import serve
from starlette.types import ASGIApp, Receive, Scope, Send

from app.logging import configure_logging
from app.model_server import build_scoring_app, child_options, find_key
from app.settings import Settings
from inference.errors import ModelNotReadyError
from inference.score_children import ScoreChildren


class ServingChildren:
    """An application whose children live as long as it serves, by ASGI's lifespan messages.

    Args:
        app: Answers the requests.
        children: Those that it asks; started and closed here.
    """

    def __init__(self, app: ASGIApp, children: ScoreChildren) -> None:
        self._app, self._children = app, children

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live through one lifespan."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        await receive()
        self._children.start()
        await self._children.wait_until_started()
        if not self._children.is_ready:
            self._children.close()
            await send({"type": "lifespan.startup.failed", "message": "no child has loaded the model"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._children.close()
        await send({"type": "lifespan.shutdown.complete"})


@serve.deployment(name="model")
@serve.ingress()
class ModelReplica:
    """One replica: settings come from the environment of its process, as for every other server.

    Raises:
        ModelServerOpenError: There is no key. Ray's proxy listens, and may listen on the network.
        EngineRemoteError: Its engine would be another server.
    """

    def __init__(self) -> None:
        settings = Settings()
        configure_logging(level=settings.log_level, as_json=settings.log_json)
        key = find_key(settings, is_reachable=True)
        # As many children as the replica has cores: a machine's other cores are other replicas'.
        n_children = settings.screening_runners or _cores_of_replica()
        self._children = ScoreChildren(n_children, child_options(settings))
        self._app = ServingChildren(build_scoring_app(self._children, settings, key), self._children)

    def __serve_build_asgi_app__(self) -> ASGIApp:
        """Return what answers; Ray asks once, after the constructor."""
        return self._app

    def check_health(self) -> None:
        """Raise while no child can answer; Ray replaces a replica that does so time after time."""
        if not self._children.is_ready:
            raise ModelNotReadyError("no scoring process has the model loaded")


def _cores_of_replica() -> int:
    return max(1, int(ray.get_runtime_context().get_assigned_resources().get("CPU", 1)))


application = ModelReplica.bind()  # type: ignore[attr-defined]  # the decorator gives it
