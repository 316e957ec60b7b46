"""One file, read from top to bottom; everything that differs between machines comes from the environment.

With nothing set this is a newsroom on one machine: SQLite, mail in files, a queue in a file. With DEBUG=0 whatever
production needs and lacks is named, together with the values it may have (`REQUIRED_IN_PRODUCTION` below).
"""

import mimetypes
import re
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django_prose_editor.config import html_tags
from huey.serializer import SignedSerializer
from js_asset import static_lazy

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("DEBUG", default=True)

# What production must say for itself: the variable and the values it may have.
REQUIRED_IN_PRODUCTION = {
    "SECRET_KEY": "50 or more random characters, kept secret",
    "ALLOWED_HOSTS": "host names, comma-separated: news.example.org,www.news.example.org",
    "SITE_URL": "the public address without a trailing slash: https://news.example.org",
    "DATABASE_URL": "postgres://user:password@host:5432/name, or sqlite:////absolute/path.sqlite3",
    "EMAIL_URL": "smtp+tls://user:password@host:587, or smtp+ssl://user:password@host:465",
    "DEFAULT_FROM_EMAIL": "the sender of every mail: The Record <news@example.org>",
    "NEWSROOM_NAME": "the newsroom's name, as readers and donors know it",
    "TIME_ZONE": "an IANA time zone: America/New_York, Europe/Berlin",
    "CURRENCY": "a three-letter ISO 4217 code that Stripe settles for you: USD, EUR",
    "STRIPE_SECRET_KEY": "sk_live_… or, better, rk_live_… (sk_test_… counts test gifts); 'none' switches giving off",
    "STRIPE_WEBHOOK_SECRET": "whsec_… of the endpoint <SITE_URL>/stripe/webhook/; 'none' when giving is off",
}
if not DEBUG:
    missing = [
        f"  {name}: {values}" for name, values in REQUIRED_IN_PRODUCTION.items() if not env.str(name, default="")
    ]
    if missing:
        raise ImproperlyConfigured(
            "DEBUG=0 and these environment variables are not set. Set each to one of the values named:\n"
            + "\n".join(missing)
        )
# What would otherwise go wrong later, and far from here.
MUST_LOOK_LIKE = {
    "SITE_URL": r"https?://[^/\s]+/?",
    "CURRENCY": r"[A-Za-z]{3}",
    "STRIPE_SECRET_KEY": r"none|(sk|rk)_(test|live)_\w+",
    "STRIPE_WEBHOOK_SECRET": r"none|whsec_\S+",
    "DATABASE_URL": r"(sqlite|postgres|postgresql)://.*",
    "EMAIL_URL": r"[a-z+]+://.*",
} | ({} if DEBUG else {"SECRET_KEY": r".{50,}"})
for name, pattern in MUST_LOOK_LIKE.items():
    value = env.str(name, default="")
    if value and not re.fullmatch(pattern, value):
        shown = "too short" if name == "SECRET_KEY" else f"{value[:8]}…" if "SECRET" in name else repr(value)
        raise ImproperlyConfigured(f"{name} is {shown}. Set it to: {REQUIRED_IN_PRODUCTION[name]}")

# --- The newsroom ------------------------------------------------------------------------------------------------
NEWSROOM_NAME = env.str("NEWSROOM_NAME", default="The Merrow Bay Record")
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
TIME_ZONE = env.str("TIME_ZONE", default="America/New_York")
if TIME_ZONE not in available_timezones():
    raise ImproperlyConfigured(f"TIME_ZONE is {TIME_ZONE!r}. Set it to an IANA name such as Europe/Berlin.")
CURRENCY = env.str("CURRENCY", default="USD").upper()
LANGUAGE_CODE = "en"
USE_TZ = True

# --- Web ---------------------------------------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY", default="not-a-secret-only-for-this-machine-and-refused-with-DEBUG-0")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
ROOT_URLCONF = "cms.urls"
WSGI_APPLICATION = "cms.wsgi.application"
APPEND_SLASH = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024  # what is typed, without files: the longest text with room to spare
DATA_UPLOAD_MAX_NUMBER_FIELDS = 6000  # a tick for each of the 5,000 lines of a bank's file, and what stands above them
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)  # how many of ours each add to X-Forwarded-For

INSTALLED_APPS = [
    "cms",
    "articles",
    "donations",
    "crispy_forms",
    "django_prose_editor",
    "js_asset",
    "import_export",
    "csp",
    "cms.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "huey.contrib.djhuey",
]

MIDDLEWARE = [
    "cms.logs.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "cms.context.newsroom",
            ],
        },
    },
]
CRISPY_TEMPLATE_PACK = "newsroom"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["newsroom"]
CRISPY_FAIL_SILENTLY = False

# The editor's own extensions: pictures in the text, and how one types. What a body may hold is the sanitiser's word
# (`articles.content`).
DJANGO_PROSE_EDITOR_EXTENSIONS = [
    {"js": [static_lazy("js/editor-figure.js")], "extensions": {"StoryFigure": html_tags(["figure"])}},
    {"js": [static_lazy("js/editor-typing.js")], "extensions": {"StoryTyping": html_tags([])}},
]

# --- Data --------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'newsroom.sqlite3'}")}
DATABASES["default"]["ATOMIC_REQUESTS"] = False  # Stripe is asked outside transactions
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Readers never wait for a writer (WAL); a writer takes its turn at once instead of failing half-way (IMMEDIATE).
    # REPLACE deletes without asking the triggers that hold the history, unless they are recursive.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        "PRAGMA recursive_triggers=ON;",
    }
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}
CACHES["default"].setdefault("KEY_PREFIX", Path(str(DATABASES["default"]["NAME"])).stem)

# --- The queue: hints for the worker; the rows themselves are the truth, and a sweep finds what is due ---------------
QUEUE_URL = env.str("QUEUE_URL", default=f"sqlite:///{VAR_DIR / 'queue.sqlite3'}")
_queue = urlsplit(QUEUE_URL)
HUEY = {
    "name": f"newsroom-{Path(str(DATABASES['default']['NAME'])).stem}",  # two newsrooms may share one Redis
    "immediate": False,  # the library's own default follows DEBUG, and would send mails inside a request
    "results": False,
    "serializer": SignedSerializer(secret=SECRET_KEY),  # who can write to the queue cannot make us run anything
}
if _queue.scheme == "sqlite":
    HUEY |= {"huey_class": "huey.SqliteHuey", "connection": {"filename": _queue.path[1:]}}
elif _queue.scheme in {"redis", "rediss"}:
    HUEY |= {"huey_class": "huey.RedisHuey", "connection": {"url": QUEUE_URL}}
elif _queue.scheme in {"postgres", "postgresql"}:
    HUEY |= {"huey_class": "huey.PostgresHuey", "connection": {"dsn": QUEUE_URL}}
else:
    raise ImproperlyConfigured(
        f"QUEUE_URL begins with {_queue.scheme!r}. Use sqlite:////path/queue.sqlite3, redis://… or postgres://…"
    )

# --- Files -------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
mimetypes.add_type("image/webp", ".webp")  # Python 3.11 does not know it, nor do slim machines
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media" / "public"
PRIVATE_MEDIA_ROOT = VAR_DIR / "media" / "private"
S3_BUCKET = env.str("S3_BUCKET", default="")


def file_storage(kind, **options):
    """Where pictures live: `private` originals, `public` renditions; folders here, prefixes in a bucket there."""
    if not S3_BUCKET:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    bucket = {"bucket_name": S3_BUCKET, "location": kind, "querystring_auth": kind == "private"}
    if endpoint := env.str("S3_ENDPOINT", default=""):
        bucket["endpoint_url"] = endpoint
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": bucket}


def bucket_origins():
    """Where a browser finds the public pictures of a bucket: the endpoint itself, or the bucket's host at it."""
    if not S3_BUCKET:
        return []
    endpoint = urlsplit(env.str("S3_ENDPOINT", default="https://s3.amazonaws.com"))
    return [f"{endpoint.scheme}://{endpoint.netloc}", f"{endpoint.scheme}://{S3_BUCKET}.{endpoint.netloc}"]


PICTURE_ORIGINS = bucket_origins()
STORAGES = {
    "default": file_storage("private", location=PRIVATE_MEDIA_ROOT, base_url=None),  # private unless it says otherwise
    "public": file_storage("public", location=MEDIA_ROOT, base_url=MEDIA_URL),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG  # from the folders themselves; production collects them first

# --- Mail --------------------------------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="filemail://")
if EMAIL_CONFIG["EMAIL_BACKEND"].endswith("filebased.EmailBackend"):
    EMAIL_CONFIG["EMAIL_FILE_PATH"] = EMAIL_CONFIG.get("EMAIL_FILE_PATH") or str(VAR_DIR / "mail")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"{NEWSROOM_NAME} <record@merrowbay.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Stripe ------------------------------------------------------------------------------------------------------


def stripe_value(name):
    value = env.str(name, default="")
    return "" if value == "none" else value


STRIPE_SECRET_KEY = stripe_value("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = stripe_value("STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="").rstrip("/")
STRIPE_LIVE = STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))  # the installation's mode is its key's
if STRIPE_LIVE and STRIPE_API_BASE and not STRIPE_API_BASE.startswith("https://"):
    raise ImproperlyConfigured(
        f"STRIPE_API_BASE is {STRIPE_API_BASE!r} and the key is a live one. Use an https:// address, or a test key."
    )

# A gift keeps the public headline of the story it came from; `donations` knows no stories, so this asks for it.
# When two editors blank such a headline, `articles` knows no gifts, and this takes it from them too.
GIFT_ARTICLE_TITLE = "cms.appeals.public_title"
WHEN_HEADLINES_ARE_BLANKED = "cms.appeals.forget_headlines"

# --- Signing in --------------------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "cms.unsent.csrf_failure"
CSRF_COOKIE_SAMESITE = "Lax"

# --- Browsers ----------------------------------------------------------------------------------------------------
# A reader's page asks no other host. The desk's editor needs a nonce for its import map and style attributes for what
# is pasted from Google Docs; `cms.admin` loosens exactly that. The gift form may post on to the hosted checkout.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *PICTURE_ORIGINS],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY = {
    name: [] for name in ("camera", "geolocation", "microphone", "usb", "interest-cohort", "browsing-topics")
}
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SITE_URL.startswith("https://"))
    SECURE_REDIRECT_EXEMPT = [r"^healthz", r"^readyz", r"^stripe/webhook/?$"]  # any 3xx is a failure to Stripe
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 86400)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
    SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=False)
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # other subdomains are not ours to decide for
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

# --- Errors and logs -----------------------------------------------------------------------------------------------
# JSON lines in production, for people on a developer's machine; `cms.logs` says what no line may hold.
LOG_LEVEL = env.str("LOG_LEVEL", default="")
TELL_TOO_MUCH = ("django.db.backends", "django.template", "urllib3", "botocore", "boto3", "s3transfer", "PIL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "readable": {"()": "cms.logs.Readable", "format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "records": {"()": "cms.logs.Records"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "readable" if DEBUG else "records"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL or "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "NOTSET"},  # Django's own would mail whole requests to ADMINS
        "django.request": {"level": "NOTSET" if DEBUG else "ERROR"},  # of what is refused a line each is enough
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "stripe": {"level": "WARNING"},  # it logs bodies: personal data
        "huey": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},  # a line for each table of each font of each statement
        "fpdf": {"level": "ERROR"},
        "cms.logs": {"level": LOG_LEVEL or ("WARNING" if DEBUG else "INFO")},  # a line for each request
    }
    | {name: {"level": "INFO"} for name in TELL_TOO_MUCH},  # below, rows and addresses with what was asked
}
if sentry_dsn := env.str("SENTRY_DSN", default=""):
    import sentry_sdk

    from cms.logs import DISCREET, for_sentry

    sentry_sdk.init(dsn=sentry_dsn, before_send=for_sentry, **DISCREET)
