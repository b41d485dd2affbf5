"""What deploy/ asks of the program exists there, and its files fit each other.

No container engine runs here: these tests read the files.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from app.settings import Settings
from app.wiring import describe_api
from tests.commands import check_command

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
HOWTO = ROOT / "docs" / "howto" / "deploy.md"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
SETTINGS = {f"SHENXIANG_{name.upper()}" for name in Settings.model_fields}
COMPOSE_ONLY = {"SHENXIANG_IMAGE", "SHENXIANG_GPU_IMAGE"}
"""Names of images, for compose alone."""

Document = dict[str, Any]


def documents(folder: Path) -> list[Document]:
    """Every YAML document of a folder, without the kustomization."""
    paths = [path for path in sorted(folder.glob("*.yaml")) if path.name != "kustomization.yaml"]
    return [document for path in paths for document in yaml.safe_load_all(path.read_text())]


def of_kind(kind: str) -> dict[str, Document]:
    """The Kubernetes objects of a kind, by name."""
    return {d["metadata"]["name"]: d for d in documents(KUBERNETES) if d["kind"] == kind}


def container_of(deployment: Document) -> Document:
    """The only container of a deployment."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def compose() -> Document:
    """The compose file with its merges done."""
    loaded = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def nodes() -> Iterator[tuple[str, list[str], Mapping[str, str]]]:
    """Name, command and literal settings of whatever runs the program."""
    for name, service in compose()["services"].items():
        if name != "database":
            yield f"compose {name}", service["command"], service["environment"]
    shared = of_kind("ConfigMap")["shenxiang"]["data"]
    for name, deployment in of_kind("Deployment").items():
        container = container_of(deployment)
        own = {entry["name"]: entry["value"] for entry in container.get("env", [])}
        yield f"kubernetes {name}", container["args"], {**shared, **own}


@pytest.mark.parametrize(("name", "command", "environment"), list(nodes()), ids=lambda value: str(value)[:24])
def test_nodes__commands_and_settings_are_the_programs(
    monkeypatch: pytest.MonkeyPatch, name: str, command: list[str], environment: Mapping[str, str]
) -> None:
    """Each node starts with options that exist and settings that the program takes."""
    check_command(command)
    assert set(environment) <= SETTINGS
    for variable, value in environment.items():
        monkeypatch.setenv(variable, re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value))
    role = name.split()[1]
    assert Settings(roles=command[command.index("--roles") + 1]).roles == (role,)


def ray_applications() -> Iterator[tuple[str, Document]]:
    """What Ray Serve is told to run, by file."""
    for path in sorted((DEPLOY / "ray").glob("*.yaml")):
        for application in yaml.safe_load(path.read_text())["applications"]:
            yield path.name, application


@pytest.mark.parametrize(("name", "application"), list(ray_applications()), ids=lambda value: str(value)[:14])
def test_ray__runs_what_is_there(monkeypatch: pytest.MonkeyPatch, name: str, application: Document) -> None:
    """The module has the application and the deployment that are named, and takes the settings."""
    module, attribute = application["import_path"].split(":")
    source = read(module.replace(".", "/") + ".py")
    assert re.search(rf"^{attribute} = ", source, re.MULTILINE)
    assert re.findall(r'^@serve\.deployment\(name="(\w+)"\)', source, re.MULTILINE) == [
        deployment["name"] for deployment in application["deployments"]
    ]
    for variable, value in application["runtime_env"]["env_vars"].items():
        monkeypatch.setenv(variable, value)
    assert Settings().scoring_key is None, "a key stands in a file"


def test_howto__commands_in_containers_exist() -> None:
    """What the how-to has run inside a container is a command of the program."""
    lines = re.findall(r"^(?:docker compose|kubectl) .*\bexec .*? shenxiang (.+)$", HOWTO.read_text(), re.M)
    assert len(lines) >= 4
    for line in lines:
        check_command(shlex.split(line, comments=True))


@pytest.mark.parametrize("path", [*FILES, HOWTO], ids=lambda path: path.name)
def test_files__name_only_settings_that_exist(path: Path) -> None:
    """Also in comments, and in the how-to."""
    named = set(re.findall(r"SHENXIANG_[A-Z0-9_]+", path.read_text()))
    assert named - COMPOSE_ONLY <= SETTINGS


def images() -> set[str]:
    """The image of every container, and the defaults of the base images."""
    found = {container_of(deployment)["image"] for deployment in of_kind("Deployment").values()}
    found |= {service["image"] for service in compose()["services"].values()}
    found |= set(re.findall(r"^ARG \w+=(\S+)$", DOCKERFILE, re.MULTILINE))
    return {re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", image) for image in found}


@pytest.mark.parametrize("image", sorted(images()))
def test_images__name_no_registry(image: str) -> None:
    """Where images come from is for whoever runs them to say."""
    host, slash, _ = image.partition("/")
    assert not slash or not re.search(r"[.:]|^localhost$", host)


def test_dockerfile__copies_what_is_there_and_every_package() -> None:
    """Each source of a COPY exists, and no package of the program is left out."""
    copied = set()
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        *sources, _ = shlex.split(line)
        copied |= set(sources)
    assert [source for source in copied if not (ROOT / source).exists()] == []
    packages = set(re.findall(r'"(\w+)"', re.search(r"^packages = (.*)$", read("pyproject.toml"), re.M)[1]))  # type: ignore[index]
    assert packages <= copied
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{source.split('/')[0]}" for source in copied} <= set(ignored)


def test_dockerfile__stages_and_targets() -> None:
    """Stages stand on the base image or on each other, the last is the default, the command exists."""
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)
    assert len(stages) == len(re.findall(r"^FROM ", DOCKERFILE, re.MULTILINE))
    names = [name for _, name in stages]
    assert [base for base, _ in stages if base != "${BASE_IMAGE}" and base not in names] == []
    assert set(re.findall(r"COPY --from=(\S+)", DOCKERFILE)) <= set(names)
    assert names[-1] == "cpu"
    assert {"gpu", "cpu"} <= set(names)
    assert 'ENTRYPOINT ["shenxiang"]' in DOCKERFILE
    (command,) = re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
    check_command(yaml.safe_load(command))
    for path in re.findall(r"http://127\.0\.0\.1:8080(/[\w/]+)", DOCKERFILE):
        assert path in describe_api()["paths"]


def read(name: str) -> str:
    return (ROOT / name).read_text()


def test_gpu_requirements__are_the_others_with_another_runtime() -> None:
    """The image for cards has what the one for processors has, but for ONNX Runtime."""
    pins = {
        name: dict(re.findall(r"^([\w.-]+)==(\S+)", read(f"requirements/{name}.txt"), re.MULTILINE))
        for name in ("base", "gpu")
    }
    assert {name: pins["gpu"].get(name) for name in pins["base"]} == pins["base"]
    assert "onnxruntime-gpu" in pins["gpu"]
    assert re.search(
        r"^onnxruntime==\S+ ; sys_platform == 'never'", read("requirements/gpu.txt"), re.MULTILINE
    )


def test_kubernetes__kustomizations_list_every_file() -> None:
    """A manifest that no kustomization names would never be applied; a name without its file fails."""
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    there = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert sorted(listed) == sorted(there)
    gpu = yaml.safe_load((DEPLOY / "kubernetes-gpu" / "kustomization.yaml").read_text())
    for name in [*gpu["resources"], *(patch["path"] for patch in gpu["patches"])]:
        assert (DEPLOY / "kubernetes-gpu" / name).exists()
    (patched,) = documents(DEPLOY / "kubernetes-gpu")
    assert patched["metadata"]["name"] in of_kind("Deployment")
    assert container_of(patched)["name"] == container_of(of_kind("Deployment")["screening"])["name"]


def test_kubernetes__objects_find_each_other() -> None:
    """Labels, ports, volumes and names fit; probes ask for paths that the program answers."""
    deployments, services = of_kind("Deployment"), of_kind("Service")
    assert set(deployments) == {"intake", "screening", "review"}
    for deployment in deployments.values():
        pod = deployment["spec"]["template"]
        assert deployment["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]
        container = container_of(deployment)
        ports = {port["name"] for port in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]["httpGet"]["path"] in describe_api()["paths"]
            assert container[probe]["httpGet"]["port"] in ports
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]}
        paths = [mount["mountPath"] for mount in container["volumeMounts"]]
        for entry in container.get("env", []):
            if entry["value"].startswith("/"):
                assert str(Path(entry["value"]).parent) in paths
    for service in services.values():
        assert service["spec"]["selector"] in [
            deployment["spec"]["template"]["metadata"]["labels"] for deployment in deployments.values()
        ]
    for budget in of_kind("PodDisruptionBudget").values():
        assert budget["spec"]["selector"]["matchLabels"]["role"] in deployments
    for scaler in of_kind("HorizontalPodAutoscaler").values():
        assert scaler["spec"]["scaleTargetRef"]["name"] in deployments
    for rule in of_kind("Ingress")["shenxiang"]["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            assert path["backend"]["service"]["name"] in services


def test_compose__volumes_are_declared() -> None:
    """Each volume of a service is one of the file's, and what a service waits for is one of its services."""
    loaded = compose()
    for service in loaded["services"].values():
        assert {mount.split(":")[0] for mount in service.get("volumes", [])} <= set(loaded["volumes"])
        assert set(service.get("depends_on", {})) <= set(loaded["services"])
    gpu = yaml.safe_load((DEPLOY / "compose.gpu.yaml").read_text())
    assert set(gpu["services"]) <= set(loaded["services"])
    assert f"AS {gpu['services']['screening']['build']['target']}\n" in DOCKERFILE
