"""What the person asked for, and the environment that the parts get from it."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import environ

PROJECT = Path(__file__).resolve().parent.parent.parent
DEFAULT_DATA_DIR = PROJECT / "var" / "demo"
"""A folder of its own beside development's; PVIDEO_DATA_DIR names another."""
DEFAULT_PORT = 8000

# Not handed down: they would point the demo's parts at something else than the demo.
_NOT_INHERITED = (
    "ALLOWED_HOSTS",
    "DATABASE_URL_FILE",
    "DEBUG",
    "GUNICORN_CMD_ARGS",
    "MEDIA_ROOT",
    "PIXAZO_BASE_URL",
    "PUBLIC_BASE_URL",
    "SANDBOX_URL",
    "SECRET_KEY",
    "SECRET_KEY_FILE",
)
# Nor these, where there is a sandbox: real money is never taken for the stand-in's videos.
_NOT_BESIDE_THE_SANDBOX = (
    "STRIPE_API_KEY",
    "STRIPE_API_KEY_FILE",
    "STRIPE_BASE_URL",
    "STRIPE_PAGE_ORIGINS",
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_WEBHOOK_SECRET_FILE",
)


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


@dataclass(frozen=True, slots=True)
class Options:
    """One start of the demo.

    Attributes:
        data_dir: absolute; everything that the demo writes goes below it.
        credentials: where to write the logins as JSON, if asked.
        database_url: a PostgreSQL of one's own, or empty for the embedded one.
        real_provider: a Pixazo key is set, so there is no sandbox.
        public_base_url: where the provider reaches us, if it is not this machine.
        email_url: where mail goes; empty: it is kept, to be read at /demo/mail/.
        webhook_secret: of this start alone; the sandbox's Stripe signs its events with it.
    """

    port: int = DEFAULT_PORT
    data_dir: Path = DEFAULT_DATA_DIR
    credentials: Path | None = None
    walkthrough: bool = False
    database_url: str = ""
    real_provider: bool = False
    public_base_url: str = ""
    email_url: str = ""
    webhook_secret: str = field(default_factory=_new_secret, repr=False)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Empty when the real provider is used."""
        return "" if self.real_provider else f"http://127.0.0.1:{self.port + 1}"

    @property
    def ports(self) -> tuple[int, ...]:
        return (self.port,) if self.real_provider else (self.port, self.port + 1)

    @property
    def payment_events_url(self) -> str:
        """Where the sandbox's Stripe delivers its events."""
        return f"{self.base_url}/callbacks/stripe"

    @property
    def mail_url(self) -> str:
        """Where sent mail can be read, as settings.SENT_MAIL_DIR has it; "" when it leaves."""
        leaves = self.email_url or (self.real_provider and self.public_base_url)
        return "" if leaves else f"{self.base_url}/demo/mail/"

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    def environment(self, database_url: str) -> dict[str, str]:
        """The environment of the demo's own processes.

        Args:
            database_url: where the database answers.
        """
        dropped = _NOT_INHERITED + (_NOT_BESIDE_THE_SANDBOX if self.sandbox_url else ())
        inherited = {k: v for k, v in os.environ.items() if k not in dropped}
        public = self.public_base_url if self.real_provider else ""
        hosts = ["127.0.0.1", "localhost", "[::1]", urlsplit(public).hostname or ""]
        mine = {
            "PVIDEO_MODE": "demo",
            "PVIDEO_DATA_DIR": str(self.data_dir),
            "DJANGO_SETTINGS_MODULE": "pvideo_platform.settings",
            "DATABASE_URL": database_url,
            "PUBLIC_BASE_URL": public or self.base_url,
            "ALLOWED_HOSTS": ",".join(filter(None, hosts)),
            "PYTHONUNBUFFERED": "1",
        }
        if self.sandbox_url:
            mine["SANDBOX_URL"] = self.sandbox_url
            mine["STRIPE_WEBHOOK_SECRET"] = self.webhook_secret
            # Beside what the person lists: receivers of webhooks on this machine.
            listed = inherited.get("FETCH_ALLOWED_NETLOCS", "")
            netlocs = [urlsplit(self.sandbox_url).netloc, *listed.split(",")]
            mine["FETCH_ALLOWED_NETLOCS"] = ",".join(filter(None, netlocs))
        return inherited | mine


def from_command_line(
    *, port: int, data_dir: Path | None, credentials: Path | None, walkthrough: bool
) -> Options:
    """The options, completed with what the environment says about folder, database and provider.

    Args:
        data_dir: None: the environment's, or the default.
    """
    env = environ.FileAwareEnv()
    if data_dir is None:
        data_dir = Path(env.str("PVIDEO_DATA_DIR", default="") or DEFAULT_DATA_DIR)
    return Options(
        port=port,
        data_dir=data_dir.expanduser().resolve(),
        credentials=credentials.expanduser().resolve() if credentials else None,
        walkthrough=walkthrough,
        database_url=env.str("DATABASE_URL", default=""),
        real_provider=bool(env.str("PIXAZO_API_KEY", default="")),
        public_base_url=env.str("PUBLIC_BASE_URL", default=""),
        email_url=env.str("EMAIL_URL", default=""),
    )
