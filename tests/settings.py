"""Settings for the tests: the demo's, on folders and ports of this run's own."""

import atexit
import os
import shutil
import socket
import tempfile


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_DATA_DIR = tempfile.mkdtemp(prefix="pvideo-tests-")
os.chmod(_DATA_DIR, 0o755)  # noqa: PTH101  # the database's user has to pass
# Registered before the database server's own exit handler, so it runs after it.
atexit.register(shutil.rmtree, _DATA_DIR, ignore_errors=True)

for _name in ("PIXAZO_API_KEY", "PIXAZO_BASE_URL", "REDIS_URL", "FETCH_ALLOWED_NETLOCS"):
    os.environ.pop(_name, None)
os.environ["PVIDEO_MODE"] = "demo"
os.environ["PVIDEO_DATA_DIR"] = _DATA_DIR
os.environ["SANDBOX_URL"] = f"http://127.0.0.1:{_free_port()}"

from pvideo_platform.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
ACCOUNT_RATE_LIMITS = False
WHITENOISE_AUTOREFRESH = True  # else each test client's handler walks through all static files
POLL_FIRST_SECONDS = 0.3
MEDIA_RETRY_SECONDS = 0.2
PIXAZO_TIMEOUT_SECONDS = 3.0
STRIPE_TIMEOUT_SECONDS = 3.0
SESSION_USE_SECONDS = 0  # its own tests set it; the others count queries
# The limits' own tests set them; the others ask as fast as they can.
RATE_LIMIT_KEY = RATE_LIMIT_GENERATIONS = RATE_LIMIT_ORGANIZATION = RATE_LIMIT_STRANGERS = 60_000
