"""``shenxiang model``: the manifest's signature, and ``shenxiang pin``, which makes one."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.settings import Settings
from app.train_cli import task_of

if TYPE_CHECKING:
    from app.signing_key import SigningKey
    from training.release import Role

ManifestOption = Annotated[Path | None, typer.Option(help="Default: SHENXIANG_MANIFEST.")]


def build_model_app(load_settings: Callable[[], Settings]) -> typer.Typer:
    """Make the command group.

    Args:
        load_settings: Reads the settings and sets up the log; ends the program if they are wrong.
    """
    model_app = typer.Typer(help="The manifest that pins models, and its signature.", no_args_is_help=True)

    @model_app.command()
    def key() -> None:
        """Print the public key of what is signed here, for SHENXIANG_MANIFEST_KEYS; makes one if needed."""
        typer.echo(manifest_key(load_settings()).public_pem(), nl=False)

    @model_app.command()
    def sign(*, manifest: ManifestOption = None) -> None:
        """Sign a manifest as it stands, and print what it pins; every file must hold what is pinned."""
        from models.registry import check_files, read_fields, write_signed

        settings = load_settings()
        path = manifest or settings.manifest
        fields = read_fields(path)
        check_files(path)
        signer = manifest_key(settings)
        write_signed(path, fields, signer)
        for entry in fields["models"]:
            typer.echo(f"{entry['sha256']}  {entry['name']}")
        typer.echo(f"signed {path} by {signer.key_id}")

    @model_app.command()
    def check(*, manifest: ManifestOption = None) -> None:
        """Check a manifest's signature and every file that it pins; exit status 1 if anything is wrong."""
        from models.registry import check_files, load_manifest

        settings = load_settings()
        path = manifest or settings.manifest
        found = load_manifest(path, keys=settings.manifest_keys)
        check_files(path)
        typer.echo(f"{path}: signed by {found.key_id}, {len(found.models)} files as pinned")

    return model_app


def build_pin(load_settings: Callable[[], Settings]) -> Callable[..., None]:
    """Make the command ``pin``; see ``build_model_app``."""

    def pin(
        model: Annotated[Path, typer.Argument(help="The ONNX file.", exists=True, dir_okay=False)],
        *,
        recipe: Annotated[Path, typer.Option(help="It was trained by.", exists=True, dir_okay=False)],
        report: Annotated[
            Path,
            typer.Option(help="What ``shenxiang evaluate`` wrote about it.", exists=True, dir_okay=False),
        ],
        manifest: ManifestOption = None,
        beside: Annotated[
            str | None,
            typer.Option(help="Pin it under this name, and leave the default as it is: for an int8 twin."),
        ] = None,
    ) -> None:
        """Make a model the default: copy it beside the manifest, pin its digest, sign, write its card.

        A model whose recipe's task is cargo becomes the one that is asked beside the detector.
        """
        from training.release import pin as pin_model

        settings = load_settings()
        path = manifest or settings.manifest
        is_cargo = task_of(recipe) == "cargo"
        describe = _describe_cargo if is_cargo else _describe_detector
        own_name, text = describe(model, recipe, json.loads(report.read_text(encoding="utf-8")))
        name = beside or own_name
        role: Role | None = None if beside else "cargo" if is_cargo else "default"
        signer = manifest_key(settings)
        card = path.parent.parent / "cards" / f"{name}.md"
        digest = pin_model(
            model,
            name=name,
            signer=signer,
            keys=settings.manifest_keys,
            card=f"../cards/{card.name}",
            manifest_path=path,
            role=role,
        )
        card.parent.mkdir(parents=True, exist_ok=True)
        card.write_text(text, encoding="utf-8")
        typer.echo(f"{name} {digest}, signed by {signer.key_id}; complete {card} by hand")

    return pin


def _describe_detector(model: Path, recipe: Path, report: Mapping[str, Any]) -> tuple[str, str]:
    """Its name and its card."""
    from training.card import write_card
    from training.recipe import load_recipe

    read = load_recipe(recipe)
    return read.name, write_card(model, read, report)


def _describe_cargo(model: Path, recipe: Path, report: Mapping[str, Any]) -> tuple[str, str]:
    """Its name and its card."""
    from training.cargo_card import write_cargo_card
    from training.cargo_recipe import load_cargo_recipe

    read = load_cargo_recipe(recipe)
    return read.name, write_cargo_card(model, read, report)


def manifest_key(settings: Settings) -> "SigningKey":
    """Return the key that signs manifests here; the one of the data folder is made if there is none.

    Raises:
        SigningKeyError: If it cannot be used.
    """
    from app.signing_key import load_key, load_or_make_key

    if settings.manifest_signing_key is not None:
        return load_key(settings.manifest_signing_key)
    return load_or_make_key(settings.data / "keys" / "model-ed25519.pem")
