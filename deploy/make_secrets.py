"""Make the secrets that docker-compose.yml wants, in a folder `secrets`, with random passwords.

Needs Python 3.11 and nothing else. What is there already is left alone, so it may be run again;
the secrets of the EHR and of signing in are made empty, for you to fill in what you were given.
The folder is for you alone; its files can be read by everybody who gets in, because the containers
run as other users and get each file by itself.
"""

from __future__ import annotations

import hashlib
import secrets
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "secrets"
TEMPLATE = HERE / "redis" / "users.acl.template"


def secret_files(database_password: str, redis_password: str) -> dict[str, str]:
    """Every secret by the name of its file."""
    digest = hashlib.sha256(redis_password.encode()).hexdigest()
    database = f"postgresql+psycopg://boneflag:{database_password}@postgres:5432/boneflag"
    return {
        "postgres_password": database_password,
        "redis_users_acl": TEMPLATE.read_text("utf-8").replace("PASSWORD_SHA256", digest),
        "boneflag_database_url": database,
        "boneflag_redis_url": f"redis://boneflag:{redis_password}@redis:6379/0",
        "boneflag_fhir_bearer_token": "",
        "boneflag_fhir_password": "",
        "boneflag_sign_in_client_secret": "",
        "boneflag_launch_client_secret": "",
        # Nobody else has them before you give them away: to Prometheus, and to the EHR.
        "boneflag_metrics_token": secrets.token_hex(32),
        "boneflag_notice_secret": secrets.token_hex(32),
    }


def main() -> int:
    """Write what is missing; a password that was lost needs all of its files to be removed."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    FOLDER.chmod(0o700)  # Somebody may have made it before us, for everybody.
    made = secret_files(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    pairs = (
        {"postgres_password", "boneflag_database_url"},
        {"redis_users_acl", "boneflag_redis_url"},
    )
    for pair in pairs:
        there = {name for name in pair if (FOLDER / name).exists()}
        if there and there != pair:
            print(
                f"secrets/{there.pop()} is there without secrets/{(pair - there).pop()}: they hold"
                " one password, so restore the other or remove both",
                file=sys.stderr,
            )
            return 1
    for name, text in made.items():
        path = FOLDER / name
        if not path.exists():
            path.write_text(text, "utf-8")
            path.chmod(0o444)
            print(f"made secrets/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
