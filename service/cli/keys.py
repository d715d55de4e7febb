"""`boneflag keys`: makes the key pair of SMART Backend Services and prints what to register.

Standard output holds the public JWKS or the scopes and nothing else, so that it can be piped into a
file; what to do with it goes to standard error.
"""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.speaking import EXIT_SETTINGS, Stop, speaks_plainly

if TYPE_CHECKING:
    from service.ehr.smart.keys import SigningKey

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Make the keys of SMART Backend Services, and print what to register.",
)
_SHORT = 8


class Alg(StrEnum):
    """The two algorithms of SMART."""

    RS384 = "RS384"
    ES384 = "ES384"


@app.command()
@speaks_plainly
def new(
    out: Annotated[Path, typer.Option(help="The folder for the private key.")],
    alg: Annotated[Alg, typer.Option(help="What to sign with; ask your EHR team.")] = Alg.RS384,
) -> None:
    """Make a key pair: the private key into a file of yours, the public JWKS to standard output."""
    from service.ehr.smart.keys import new_key, public_jwks

    key = new_key(alg.value)
    path = _saved(key, out)
    _print(public_jwks([key]))
    typer.echo(
        f"""
{path} holds the private key. Never send it to anybody; mount it where BoneFlag runs, readable
by its user alone.

Give your EHR team the JWKS above, or a URL at which you publish it, and the scopes that
`boneflag keys scopes` prints. Key id: {key.kid}
In return they give you a client id. Then set
  BONEFLAG_SMART_CLIENT_ID=the client id
  BONEFLAG_SMART_KEY_FILES={path}
To replace a key that is in use, put the new file before the old one, separated by a comma, and
register what `boneflag keys jwks` prints: it holds both.""",
        err=True,
    )


@app.command()
@speaks_plainly
def jwks(
    out: Annotated[Path | None, typer.Option(help="Write to this file instead.")] = None,
) -> None:
    """Print the public JWKS of the configured keys, to register or to publish."""
    from service.ehr.smart.keys import public_jwks
    from service.settings import load_settings
    from service.wiring import signing_keys_for

    document = public_jwks(signing_keys_for(load_settings()))
    if out is None:
        _print(document)
        return
    try:
        out.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise Stop(f"{out} cannot be written: {error.strerror}", EXIT_SETTINGS) from None


@app.command()
@speaks_plainly
def scopes(
    v2: Annotated[bool, typer.Option("--v2", help="In the syntax of SMART v2.")] = False,
) -> None:
    """Print the scopes to ask the EHR team for, by the protocol, the cohort and the mode."""
    from service.ehr.smart.scopes import scopes_for
    from service.settings import load_settings
    from service.wiring import smart_access_for

    access = smart_access_for(load_settings())
    typer.echo("\n".join(scopes_for(access, "v2" if v2 else "v1")))


def _print(document: object) -> None:
    typer.echo(json.dumps(document, indent=2))


def _saved(key: SigningKey, folder: Path) -> Path:
    """Write the private key for its owner alone; never over a file that is there."""
    path = folder / f"boneflag-{key.alg.lower()}-{key.kid[:_SHORT]}.pem"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as opened:
            opened.write(key.pem)
    except OSError as error:
        raise Stop(f"{path} cannot be written: {error.strerror}", EXIT_SETTINGS) from None
    return path
