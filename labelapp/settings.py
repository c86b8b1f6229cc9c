"""Every setting, read loudly from the environment: an unreadable value stops the start with its name.

`LABELAPP_ENV=local` (the default) runs without servers: SQLite, a filesystem broker, a secret key kept in the data folder.
`LABELAPP_ENV=production` takes nothing for granted; `labelapp/checks.py` refuses to start what is unsafe.
Any variable may be given as `NAME_FILE`, the path of a file that holds the value (Docker and Kubernetes secrets).
"""

import os
import secrets
from pathlib import Path
from typing import Any

import environ
import structlog
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()


def _choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = str(env.str(name, default=default))
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value


LABELAPP_ENV = _choice("LABELAPP_ENV", "local", ("local", "production"))
PRODUCTION = LABELAPP_ENV == "production"
# Which of our processes this is: `web` gets a connection pool and short statement limits, the others do not.
LABELAPP_PROCESS = _choice("LABELAPP_PROCESS", "command", ("web", "worker", "clock", "command"))
DEBUG = env.bool("DEBUG", default=False)

DATA_DIR = Path(env.str("LABELAPP_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)


def _local_secret_key() -> str:
    """A key made on first start and kept in the data folder, readable by its owner alone."""
    path = DATA_DIR / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(64))
    return path.read_text(encoding="utf-8")


SECRET_KEY_GIVEN: str = env.str("SECRET_KEY", default="")
# Without a given key production refuses to start (`checks.py`); until then nothing may be signed with a key that somebody could guess.
SECRET_KEY = SECRET_KEY_GIVEN or (secrets.token_urlsafe(64) if PRODUCTION else _local_secret_key())
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# The address people reach the app by; links in e-mails and one-time links are built from it, never from a Host header.
PUBLIC_URL = env.str("PUBLIC_URL", default="" if PRODUCTION else "http://127.0.0.1:8000").rstrip("/")
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
# The sign-in counts wrong passwords an address; X-Forwarded-For says nothing unless it comes through this many proxies of ours.
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
# SQLite serves one machine and few people; production takes it only where somebody says that this is meant.
ALLOW_SQLITE = env.bool("LABELAPP_ALLOW_SQLITE", default=False)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_filters",
    "django_structlog",
    "django_vite",
    "drf_spectacular",
    "rest_framework",
    "labelapp",
    "annotation",
    "activelearning",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "labelapp.reader.ReaderMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "labelapp.edge.EdgeMiddleware",
]

ROOT_URLCONF = "labelapp.urls"
WSGI_APPLICATION = "labelapp.wsgi.application"

FRONTEND_DIR = BASE_DIR / "frontend"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FRONTEND_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- database -------------------------------------------------------------------------------------------------------


def _database() -> dict[str, Any]:
    url = env.str("DATABASE_URL", default="")
    if not url:
        url = f"sqlite:///{DATA_DIR / 'labelapp.sqlite3'}"
    database: dict[str, Any] = env.db_url_config(url)
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["ENGINE"] = "labelapp.sqlite"
        database["OPTIONS"] = {
            # A transaction that starts reading and then writes would fail with "locked" instead of waiting.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
        # Threads of one test must meet in a file: SQLite's shared memory locks by other rules.
        database["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
        return database
    options = database.setdefault("OPTIONS", {})
    limits = "-c lock_timeout=3000 -c statement_timeout=10000" if LABELAPP_PROCESS == "web" else "-c lock_timeout=30000"
    options["options"] = f"{limits} -c timezone=UTC"
    if LABELAPP_PROCESS == "web":
        options["pool"] = {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", default=10), "timeout": 5}
        database["CONN_HEALTH_CHECKS"] = True
    return database


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- cache and queue ------------------------------------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, Any] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# A message is a nudge: the database says what is due, so nothing is lost with the broker and nothing is stored by it.
CELERY_BROKER_URL = REDIS_URL or "folder://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"socket_connect_timeout": 2}
if not REDIS_URL:
    CELERY_BROKER_TRANSPORT = "labelapp.broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"folder": str(DATA_DIR / "broker"), "polling_interval": 0.1}
# Where the broker is away a request says so within seconds; the reaper nudges again.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.1}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
# How often the reaper looks for dead and forgotten jobs, how often a job beats, when a silent one counts as dead: seconds.
REAPER_INTERVAL = env.float("REAPER_INTERVAL", default=10.0)
JOB_HEARTBEAT = env.float("JOB_HEARTBEAT", default=10.0)
JOB_DEAD_AFTER = env.float("JOB_DEAD_AFTER", default=60.0)
JOB_MAX_ATTEMPTS = env.int("JOB_MAX_ATTEMPTS", default=3)
# The clock. A tick that nobody took before the next one is thrown away, so that a busy worker finds no heap of them.
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": REAPER_INTERVAL, "options": {"expires": REAPER_INTERVAL}}
    for name in ("annotation.tasks.reap", "activelearning.tasks.reap")
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "clock")

# --- labelling ------------------------------------------------------------------------------------------------------

# A claim is renewed by each draft; a labeller holds two at most: the item on screen and the next one.
LEASE_SECONDS = env.int("LEASE_SECONDS", default=1800)
CLAIMS_HELD = 2
# Who makes next steps where a problem has no ready-made ones: the dotted path of a function, run by a worker. Empty: the labeller writes.
STEP_SUPPLIER: str = env.str("LABELAPP_STEP_SUPPLIER", default="")
# How long a labeller waits for it at most before they are asked to write the step themselves.
STEP_SUPPLIER_SECONDS = env.float("LABELAPP_STEP_SUPPLIER_SECONDS", default=30.0)

# The servers that may be asked for samples, by name (docs/generators.md). Their addresses stand nowhere else.
GENERATORS: dict[str, Any] = env.json("LABELAPP_GENERATORS", default={})
# Which of them makes next steps, where STEP_SUPPLIER names a function; where it is `scorer`, which folder of DATA_DIR/bases.
STEP_GENERATOR: str = env.str("LABELAPP_STEP_GENERATOR", default="")

# PostgreSQL reads scores from an index alone; SQLite leaves the columns beside its key out, and is as right and slower.
SILENCED_SYSTEM_CHECKS = ["models.W040"]

# --- scoring on request ---------------------------------------------------------------------------------------------

# How long a request that brings a solution to be scored waits for its score; then it is told where to ask.
SCORING_WAIT_SECONDS = env.float("SCORING_WAIT_SECONDS", default=5.0)

# --- people ---------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "annotation.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "annotation.accounts.ClosedSignUpAdapter"
ACCOUNT_FORMS = {
    "change_password": "annotation.pages.forms.ChangePasswordForm",
    "reset_password_from_key": "annotation.pages.forms.ResetPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
# A room full of people signs in from one address as the work begins; what guessing may do is the second limit's business.
WRONG_PASSWORD_SECONDS = 15 * 60  # how long one counts
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": f"10/{WRONG_PASSWORD_SECONDS}s/key,100/{WRONG_PASSWORD_SECONDS}s/ip",
}
# Of researchers, admins and operators (OWASP ASVS 5.0, 6.3.3); labellers may have one.
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=PRODUCTION)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="labelapp@localhost")

_cookie_prefix = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME = f"{_cookie_prefix}sessionid"
CSRF_COOKIE_NAME = f"{_cookie_prefix}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "labelapp.edge.csrf_failure"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        # KaTeX places glyphs by style attributes; style elements stay forbidden.
        "style-src-attr": ["'unsafe-inline'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
# The most bytes of one uploaded dataset, before decompression.
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", default=2 * 1024**3)
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "uploads"
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True)
FILE_UPLOAD_PERMISSIONS = 0o600

# --- interface ------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotation.api.authentication.BearerAuthentication",
        "annotation.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["annotation.api.authentication.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["annotation.api.strict_parser.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "labelapp.api_errors.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COMPACT_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "labelapp",
    "DESCRIPTION": "Collect step-level labels, train process reward models, choose what to label next.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Fields named `state` that know different words need names of their own in the schema.
    "ENUM_NAME_OVERRIDES": {
        "StageStateEnum": ["waiting", "running", "done", "failed", "cancelled"],
        "RoundStateEnum": ["running", "done", "failed", "cancelled"],
        "ScoringStateEnum": ["waiting", "running", "done", "failed"],
        "ListedJobStateEnum": ["running", "waiting", "failed"],
    },
}

LANGUAGE_CODE = "en"
# Each by its own name, for whoever looks for it. What a language lacks is shown in English.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "labelapp.formats"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
# Nothing is ever collected there: whitenoise serves the built front end and the packages' own files from where they lie, and
# `script/setup` lays compressed copies beside the build. django-vite and whitenoise want the setting all the same.
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
FRONTEND_DIST = FRONTEND_DIR / "dist"
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.is_dir() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "files"
DJANGO_VITE = {"default": {"manifest_path": FRONTEND_DIST / ".vite" / "manifest.json"}}


def _hashed_by_vite(path: str, url: str) -> bool:
    """Vite's own file names carry a content hash: whitenoise may let browsers keep them for ever."""
    return url.startswith("/static/assets/")


WHITENOISE_IMMUTABLE_FILE_TEST = _hashed_by_vite

# --- log ------------------------------------------------------------------------------------------------------------

LOG_FORMAT = _choice("LOG_FORMAT", "json" if PRODUCTION else "console", ("json", "console"))
_renderer: Any = (
    structlog.processors.JSONRenderer() if LOG_FORMAT == "json" else structlog.dev.ConsoleRenderer(colors=False)
)
_shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _shared_processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _renderer,
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django_structlog": {"level": "WARNING" if not PRODUCTION else "INFO"},
        # Celery tells of every tick of the clock.
        "celery": {"level": "WARNING"},
    },
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared_processors,
        structlog.processors.StackInfoRenderer(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
