"""All settings, from the environment (see `.env.example`). The same file runs the demo, the tests and production."""

import os
from pathlib import Path
from urllib.parse import quote, urlsplit

import certifi
import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from aitpro.environment import Environment
from aitpro.logs.configuration import logging_settings
from privacy.encryption.keys import KeyProblem, check_keys
from shop.money import CURRENCIES

os.umask(0o077)  # files of the site are readable by its own user only
django_stubs_ext.monkeypatch()  # makes Django's generic classes subscriptable

BASE_DIR = Path(__file__).resolve().parent.parent
REHEARSAL = "REHEARSAL" in os.environ  # running in a scratch copy (privacy/rehearsal)
env = Environment(Path(os.devnull) if REHEARSAL else BASE_DIR / ".env")

# --- Data directory and site URL -------------------------------------------
DATA_DIR = BASE_DIR / env.text("DATA_DIR", default="var")  # an absolute DATA_DIR wins over BASE_DIR
PORT = env.port("PORT", default=8000)
PAYPAL_STANDIN_PORT = env.port("PAYPAL_STANDIN_PORT", default=PORT + 1)
SITE_URL = env.origin("SITE_URL", default=f"http://127.0.0.1:{PORT}")
HTTPS = SITE_URL.startswith("https://")
LOOPBACK = urlsplit(SITE_URL).hostname in {"127.0.0.1", "localhost", "::1"}  # the demo
_HOST = urlsplit(SITE_URL).netloc.removesuffix(f":{urlsplit(SITE_URL).port}")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]" if LOOPBACK else _HOST)

# --- Secrets ------------------------------------------------------------------------------------------------------
SECRET_KEY = env.text("SECRET_KEY")
ENCRYPTION_KEYS = env.text("ENCRYPTION_KEYS")
try:
    check_keys(ENCRYPTION_KEYS, SECRET_KEY)
except KeyProblem as problem:
    raise ImproperlyConfigured(f"ENCRYPTION_KEYS: {problem} ({problem.number}).") from None
DEBUG = env.flag("DEBUG", default=False)

# --- The business (facts, never literals in templates) ------------------------------------------------------------
BUSINESS = {
    "name": env.text("BUSINESS_NAME", default="AITpro Website Design & Security"),
    "short_name": env.text("BUSINESS_SHORT_NAME", default="AITpro"),
    "address": env.text("BUSINESS_ADDRESS", default="81 N Katherine Dr, Ventura, CA 93003, USA"),
    "phone": env.text("BUSINESS_PHONE", default="805-651-8516"),
    "email": env.email("BUSINESS_EMAIL", default="info@ait-pro.com"),
    "country": env.country("BUSINESS_COUNTRY", default="US"),
    "region": env.region("BUSINESS_REGION", default="CA"),
    "time_zone": env.time_zone("BUSINESS_TIME_ZONE", default="America/Los_Angeles"),
    "tax_id": env.text("BUSINESS_TAX_ID", default=""),
    "headline": env.text("BUSINESS_HEADLINE", default="Websites made with care, and kept safe."),
    "description": env.text(
        "BUSINESS_DESCRIPTION",
        default="AITpro designs websites, protects them against attack, and makes BulletProof Security Pro, a security"
        " product for WordPress.",
    ),
    "owner": env.text("BUSINESS_OWNER", default=""),
    "since": env.text("BUSINESS_SINCE", default=""),
    "hours": env.text("BUSINESS_HOURS", default=""),
}
PHONE_REGION = BUSINESS["country"]  # of numbers that are typed without a country code

# The default currency; a product may have another (affiliates/currencies.py).
CURRENCY = env.choice("CURRENCY", set(CURRENCIES), default="USD")
# The tax that all prices include; receipts show it unless it is zero.
TAX_NAME = env.text("TAX_NAME", default="VAT")
TAX_PERCENT = env.percentage("TAX_PERCENT", default="0")

# Whose law sets the deadlines of privacy requests.
PRIVACY_PROFILE = env.choice("PRIVACY_PROFILE", {"california", "gdpr"}, default="california")
# How long a backup may be restored: erased people are remembered as long, to erase them again.
BACKUP_DAYS = env.days("BACKUP_DAYS", default=90, least=1)
BACKUP_RECIPIENTS = env.age_recipients("BACKUP_RECIPIENTS")  # public keys that backups are encrypted to, as age1…
# The folder of pg_dump, pg_restore and psql; empty: Debian's folders, then the PATH.
PG_BIN_DIR = env.text("PG_BIN_DIR", default="")

# --- Applications, by layer ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "aitpro.apps.AitproConfig",
    "aitpro.apps.SiteAdminConfig",
    "aitpro.traffic.apps.TrafficConfig",
    "aitpro.pages.apps.PagesConfig",
    "aitpro.health.apps.HealthConfig",
    "api.apps.ApiConfig",
    "affiliates.apps.AffiliatesConfig",
    "clients.apps.ClientsConfig",
    "shop.apps.ShopConfig",
    "contacts.apps.ContactsConfig",
    "accounts.apps.AccountsConfig",
    "privacy.apps.PrivacyConfig",
    "privacy.audit.apps.AuditConfig",
    "privacy.disclosure.apps.DisclosureConfig",
    "privacy.policy.apps.PolicyConfig",
    "privacy.keystore.apps.KeyStoreConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.sites",
    "django.contrib.redirects",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_tasks",
    "django_tasks_db",
    "csp",
]

MIDDLEWARE = [
    "aitpro.logs.middleware.RequestIdMiddleware",
    "aitpro.health.request_metrics.RequestMetricsMiddleware",
    "aitpro.http.middleware.HttpRulesMiddleware",
    "aitpro.http.compression.PublicPagesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "aitpro.http.canonical_host.CanonicalHostMiddleware",
    "aitpro.http.page_deadline.PageDeadlineMiddleware",
    "privacy.web.purpose_middleware.PurposeMiddleware",
    "affiliates.tracking.middleware.LinkMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "privacy.web.idempotency.middleware.FormKeyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "affiliates.tracking.middleware.ReferralMiddleware",
    "aitpro.traffic.middleware.TrafficMiddleware",
    "privacy.policy.middleware.NotInEffectMiddleware",
    "accounts.passwords.hashers.TooBusyMiddleware",
    "aitpro.pages.redirects.RedirectMiddleware",
]

ROOT_URLCONF = "aitpro.urls"
SITE_ID = 1  # of django.contrib.sites, to which redirects belong; the site's own address is SITE_URL
WSGI_APPLICATION = "aitpro.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates", BASE_DIR / "static"],  # the logo is drawn into each page
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "aitpro.context_processors.business",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Databases, cache, background work ----------------------------------------------------------------------------
_DATA = f"sqlite:///{quote(str(DATA_DIR))}"
DATABASES = {
    "default": env.database("DATABASE_URL", default=f"{_DATA}/aitpro.sqlite3"),
    # The keys of the last 30 days' referrals. Never back it up, so that backups become unreadable.
    "keystore": env.database("KEYSTORE_URL", default=f"{_DATA}/keystore.sqlite3"),
}
# A copy that PostgreSQL keeps for reports (privacy/databases/replica.py); empty: there is none.
if (_replica := env.replica("REPLICA_URL")) and not REHEARSAL:
    DATABASES["replica"] = _replica | {"TEST": {"MIRROR": "default"}}
REPLICA_LAG_SECONDS = env.number("REPLICA_LAG_SECONDS", default=60, most=86_400)  # further behind, it is not read
DATABASE_ROUTERS = ["privacy.databases.replica.ReplicaRouter", "privacy.keystore.router.KeyStoreRouter"]
for _database in DATABASES.values():
    _database["CONN_MAX_AGE"] = 60
    if _database["ENGINE"] == "django.db.backends.sqlite3":
        # Immediate transactions queue instead of failing halfway; secure_delete overwrites deleted rows.
        # synchronous=FULL: a paid order survives a power failure (ADR 2).
        _database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
                "PRAGMA mmap_size=268435456;"  # 256 MiB, which all connections share: a million rows stay quick
            ),
            **_database.get("OPTIONS", {}),
        }
    else:
        _database["CONN_HEALTH_CHECKS"] = True
        # Whoever waits for a server that doesn't answer learns it within seconds, not after the system's minutes. The
        # address may say otherwise. Milliseconds for tcp_user_timeout.
        _database["OPTIONS"] = {
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
            **_database.get("OPTIONS", {}),
        }
if "replica" in DATABASES:  # also if it is none
    DATABASES["replica"]["OPTIONS"]["options"] = "-c default_transaction_read_only=on"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # In the memory of each process: the evidence, and limits while neither Redis nor the database can be written.
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10_000}},
    # Rate limits, shared by all processes: Redis, or a table of the database. Both store bytes, never pickled objects.
    "limits": env.cache("CACHE_URL"),
}
_BACKENDS = {"django_tasks_db.DatabaseBackend", "django_tasks.backends.immediate.ImmediateBackend"}
TASKS = {"default": {"BACKEND": env.choice("TASKS_BACKEND", _BACKENDS, default="django_tasks_db.DatabaseBackend")}}

# --- People: sign-in, sessions ------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
# An address is unique through its blind index, which the check for USERNAME_FIELD cannot know.
SILENCED_SYSTEM_CHECKS = ["auth.E003"]
PASSWORD_HASHERS = ["accounts.passwords.hashers.Argon2Hasher", "accounts.passwords.hashers.PBKDF2Hasher"]
_OWN = {"user_attributes": ["email", "name"]}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": _OWN},
    {"NAME": "accounts.passwords.rules.NotAboutOwnerValidator"},
    {"NAME": "affiliates.membership.password_rules.NotAboutTheAffiliate"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Wrong passwords per hour (accounts/sign_in/limits.py). A known browser has its own limit.
SIGN_IN_LIMIT_PER_ACCOUNT_AND_NETWORK = env.number("SIGN_IN_LIMIT_PER_ACCOUNT_AND_NETWORK", default=10)
SIGN_IN_LIMIT_PER_NETWORK = env.number("SIGN_IN_LIMIT_PER_NETWORK", default=50)
SIGN_IN_LIMIT_PER_ACCOUNT = env.number("SIGN_IN_LIMIT_PER_ACCOUNT", default=100)
SIGN_IN_LIMIT_PER_BROWSER = env.number("SIGN_IN_LIMIT_PER_BROWSER", default=10)
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "accounts:home"
LOGOUT_REDIRECT_URL = "site:home"
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60  # seconds
SESSION_ENGINE = "accounts.sessions.store"
# Actions that move money or disclose data require a reauthentication within this time.
REAUTHENTICATION = "accounts.reauthentication.ask_again"
REAUTHENTICATION_MINUTES = 15
# A session ends after the idle time, and in any case after the longer one.
STAFF_SESSION_IDLE_MINUTES = env.number("STAFF_SESSION_IDLE_MINUTES", default=60, most=1440)
STAFF_SESSION_HOURS = env.number("STAFF_SESSION_HOURS", default=12, most=168)
AFFILIATE_SESSION_IDLE_DAYS, AFFILIATE_SESSION_DAYS = 14, 90  # as the policy's table of cookies says
# Messages are kept in the session, so that readers of public pages get no cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Cookies and headers ------------------------------------------------------------------------------------------
# Browsers accept `__Host-` cookies only over HTTPS and from this host itself. `aitpro_referral` keeps its name.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = (f"__Host-{name}" if HTTPS else name for name in ("sessionid", "csrftoken"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = REFERRAL_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "aitpro.http.csrf_failure.csrf_failure"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# Other sites, such as PayPal, get only the origin as referrer; this site's own pages get the full URL.
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "script-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Language, time, files ----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "aitpro.formats"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "aitpro.area_stylesheets.AreaStylesheetStorage"},
    # Product releases: no URL; served only through the signed links of `shop.delivery.downloads`.
    "products": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.text("PRODUCT_FILES_DIR", default=str(DATA_DIR / "products"))},
    },
}
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no CORS header on static files
MEDIA_ROOT = DATA_DIR / "media"
# Django's default would override the umask.
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
# An uploaded file stays in memory until it is sealed; Django would otherwise write larger ones to a temporary file.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 20_000_000  # bytes of a whole request; files of a larger one are rejected

# --- Mail: only privacy/mail/sending.py sends ------------------------------------------------------------------------
# Django's own setting since 6.1; under 5.2 only privacy/mail/sending.py reads it.
MAILERS = {"default": env.mailer("EMAIL_URL", default=f"filemail:///{quote(str(DATA_DIR))}/mail", timeout=20)}
DEFAULT_FROM_EMAIL = f'"{BUSINESS["name"]}" <{BUSINESS["email"]}>'
SERVER_EMAIL = BUSINESS["email"]
# A folder with the operator's own templates of mails, which win over the shipped ones; none by default.
MAIL_TEMPLATES = env.text("MAIL_TEMPLATES", default="")
if MAIL_TEMPLATES:  # an engine of its own, so that the folder changes mails only
    TEMPLATES.append({**TEMPLATES[0], "NAME": "mails", "DIRS": [MAIL_TEMPLATES, BASE_DIR / "templates"]})
# Where answers go; empty: to BUSINESS_EMAIL, and an answer finds its thread by its headers alone.
MAIL_REPLY_ADDRESS = env.reply_address("MAIL_REPLY_ADDRESS")
# The domain of the envelope senders, one for each mail; empty: BUSINESS_EMAIL is the envelope sender.
MAIL_BOUNCE_DOMAIN = env.domain("MAIL_BOUNCE_DOMAIN")

# --- Mail in: the mailbox that housekeeping fetches from (contacts/incoming_mail/mailbox.py); none by default ---------
MAIL_IN = env.mailbox("MAIL_IN_URL")
# What happens there to a message that is stored: it is marked as seen, or deleted.
MAIL_IN_AFTER = env.choice("MAIL_IN_AFTER", {"seen", "delete"}, default="seen")

# --- PayPal -------------------------------------------------------------------------------------------------------
PAYPAL_MODE = env.choice("PAYPAL_MODE", {"standin", "sandbox", "live"}, default="standin")
PAYPAL_BASE_URL = {
    "standin": f"http://127.0.0.1:{PAYPAL_STANDIN_PORT}",
    "sandbox": "https://api-m.sandbox.paypal.com",
    "live": "https://api-m.paypal.com",
}[PAYPAL_MODE]
# The only external origin that the checkout form may redirect to.
PAYPAL_APPROVE_ORIGIN = {
    "standin": PAYPAL_BASE_URL,
    "sandbox": "https://www.sandbox.paypal.com",
    "live": "https://www.paypal.com",
}[PAYPAL_MODE]
_STANDIN = PAYPAL_MODE == "standin"
PAYPAL_CLIENT_ID = env.text("PAYPAL_CLIENT_ID", default="standin-client" if _STANDIN else None)
PAYPAL_CLIENT_SECRET = env.text("PAYPAL_CLIENT_SECRET", default="standin-secret" if _STANDIN else None)
PAYPAL_WEBHOOK_ID = env.text("PAYPAL_WEBHOOK_ID", default="standin-webhook" if _STANDIN else None)
PAYPAL_TRUST_ROOTS = DATA_DIR / "paypal-standin" / "ca.pem" if _STANDIN else Path(certifi.where())

# --- The demo -----------------------------------------------------------------------------------------------------
DEMO_DAYS = env.days("DEMO_DAYS", default=365)  # of sales that it starts with
# Sent mail at /mail/. Its links are credentials, so only for a browser on this computer.
MAIL_PREVIEW = (
    _STANDIN
    and not REHEARSAL
    and MAILERS["default"]["BACKEND"].endswith(".filebased.EmailBackend")
    and not HTTPS
    and LOOPBACK
)

# --- Second factor: optional in the demo ---------------------------------
STAFF_SECOND_FACTOR = env.flag("STAFF_SECOND_FACTOR", default=not _STANDIN)

# --- Refunds: how long a buyer may request one; commissions are on hold as long (shop/models/order.py) ---------------
REFUND_DAYS = env.days("REFUND_DAYS", default=30)

# --- Delivery -----------------------------------------------------------------------------------------------------
DOWNLOADS_PER_ORDER = env.number("DOWNLOADS_PER_ORDER", default=20)
DOWNLOAD_LINK_MINUTES = env.number("DOWNLOAD_LINK_MINUTES", default=15, most=1440)

# --- Policy: personal columns (table.column) that its first version leaves closed -------
POLICY_LEAVES_OUT = env.columns("POLICY_LEAVES_OUT")

# --- Messages to the business -------------------------------------------------------------------------------------
# Bounds of the budgets in the quote form, ascending, in whole units of CURRENCY.
QUOTE_BUDGETS = env.amounts("QUOTE_BUDGETS", default="1000,5000,20000")
INQUIRY_ANSWER_DAYS = env.number("INQUIRY_ANSWER_DAYS", default=2, most=90)  # business days until an answer is overdue
QUOTE_VALID_DAYS_AT_MOST = 365
# Proposed for a new quote.
QUOTE_VALID_DAYS = env.days("QUOTE_VALID_DAYS", default=30, least=1, most=QUOTE_VALID_DAYS_AT_MOST)
# Reminders of a quote that waits for an answer: how many at most, and how many days apart. 0 turns them off.
QUOTE_REMINDERS = env.number("QUOTE_REMINDERS", default=2, least=0, most=20)
QUOTE_REMINDER_DAYS = env.days("QUOTE_REMINDER_DAYS", default=7, least=1, most=365)
# What a mail's subject or first line says if it asks for what privacy law grants, by kind of privacy request; the first
# kind that fits is marked for staff. "=" in front: it has to be all that the line says, besides politeness.
MAIL_WISHES = {
    "complaint": env.words(
        "MAIL_WISHES_COMPLAINT",
        default="complaint,complain about,beschwerde,queja,reclamación,plainte,réclamation,reclamo,reclamação,klacht",
    ),
    "deletion": env.words(
        "MAIL_WISHES_DELETION",
        default="delete my data,delete my information,delete my account,delete everything about me,"
        "delete everything you,erase my data,erase my information,remove my data,remove my information,data deletion,"
        "deletion request,right to be forgotten,right to erasure,lösche meine daten,löschen sie meine daten,"
        "meine daten löschen,meine daten zu löschen,datenlöschung,borre mis datos,borrar mis datos,eliminar mis datos,"
        "elimine mis datos,supprimer mes données,supprimez mes données,effacer mes données,cancellare i miei dati,"
        "cancellate i miei dati,apagar os meus dados,apague os meus dados,verwijder mijn gegevens,"
        "mijn gegevens verwijderen",
    ),
    "access": env.words(
        "MAIL_WISHES_ACCESS",
        default="=access,=data access,access request,access to my data,access to my information,copy of my data,"
        "copy of my information,send me my data,send my data,request my data,my data request,kept about me,"
        "keep about me,have about me,hold about me,know about me,stored about me,store about me,have on me,"
        "data about me,information about me,=auskunft,auskunft über meine daten,datenauskunft,acceso a mis datos,"
        "copia de mis datos,accès à mes données,copie de mes données,accesso ai miei dati,copia dei miei dati,"
        "acesso aos meus dados,cópia dos meus dados,inzage in mijn gegevens",
    ),
    "correction": env.words(
        "MAIL_WISHES_CORRECTION",
        default="correct my data,correct my information,correct my name,correct my address,rectify my data,"
        "correction of my data,my data is wrong,my data are wrong,change my address,change my name,"
        "meine daten berichtigen,meine daten korrigieren,berichtigung meiner daten,corregir mis datos,"
        "rectificar mis datos,corriger mes données,rectifier mes données,correggere i miei dati,"
        "rettificare i miei dati,corrigir os meus dados,corrigeer mijn gegevens",
    ),
    "stop_contact": env.words(
        "MAIL_WISHES_STOP",
        default="unsubscribe,=stop,=remove,=remove me,stop emailing me,stop mailing me,stop writing to me,"
        "stop contacting me,stop calling me,stop sending me,stop these emails,stop these mails,do not contact me,"
        "don't contact me,do not email me,don't email me,do not mail me,don't mail me,do not write to me,"
        "do not call me,don't call me,do not send me,don't send me,no more emails,no more mails,take me off,"
        "remove me from,opt out,opt me out,abmelden,abbestellen,keine mails mehr,keine e mails mehr,=baja,"
        "darme de baja,date de baja,no me escriban,désabonner,désinscrire,désinscription,"
        "ne plus recevoir,disiscrivimi,cancellami,cancelar subscrição,descadastrar,uitschrijven,afmelden",
    ),
}
# Messages and applications stored per hour and network. All but the first are held, without mail.
HELD_LIMIT_PER_NETWORK = env.number("HELD_LIMIT_PER_NETWORK", default=3000)

# --- Mail that visitors can cause (privacy/mail/rate_limits.py) ----------------------------------
MAIL_LIMIT_PER_FORM = env.number("MAIL_LIMIT_PER_FORM", default=30)  # per hour, network and form
MAIL_LIMIT_PER_NETWORK = env.number("MAIL_LIMIT_PER_NETWORK", default=60)  # per hour and network, all forms
ORDER_LIMIT_PER_NETWORK = env.number("ORDER_LIMIT_PER_NETWORK", default=300)  # orders per hour
ORDER_LIMIT_PER_ADDRESS = env.number("ORDER_LIMIT_PER_ADDRESS", default=100)  # orders per day and network
MAIL_LIMIT_PER_ADDRESS = env.number("MAIL_LIMIT_PER_ADDRESS", default=10)  # per day and address
# Confirmation and preference links; above the limit they wait (privacy/mail/link_mail_limits.py).
PRIVACY_MAILS_PER_NETWORK = env.number("PRIVACY_MAILS_PER_NETWORK", default=10)  # in an hour
PRIVACY_MAILS_PER_ADDRESS = env.number(
    "PRIVACY_MAILS_PER_ADDRESS", default=3
)  # per day; each covers everything that waits

# --- The affiliate program ----------------------------------------------------------------------------------------
AFFILIATE_COMMISSION_PERCENT = env.percentage("AFFILIATE_COMMISSION_PERCENT", default="30")
# What may be stored about a visit through an affiliate's link (affiliates/models/consent.py).
AFFILIATE_CONSENT = env.choice("AFFILIATE_CONSENT", {"signal", "ask", "link"}, default="signal")
AFFILIATE_CREDIT = env.choice("AFFILIATE_CREDIT", {"last", "first"}, default="last")  # if several links were followed
# Whether affiliates are asked for the legal name and postal address that a tax report needs: a purpose of its own.
AFFILIATE_LEGAL_DETAILS = env.flag("AFFILIATE_LEGAL_DETAILS", default=False)
AFFILIATE_MINIMUM_PAYOUT_CENTS = env.number("AFFILIATE_MINIMUM_PAYOUT_CENTS", default=1000, least=0, most=100_000_000)
AFFILIATE_REPORT_THRESHOLD_CENTS = env.number(
    "AFFILIATE_REPORT_THRESHOLD_CENTS", default=60_000, least=0, most=100_000_000
)  # of the yearly list of payments, in minor units of CURRENCY

# --- Traffic: pages and network domains, counted by day ----------------------------------------------------------
TRAFFIC_COUNTED = env.flag("TRAFFIC_COUNTED", default=True)
# The name server for reverse lookups, as address:port; empty: the system's.
TRAFFIC_NAMESERVER = env.endpoint("TRAFFIC_NAMESERVER")

# --- Health (docs/monitoring.md) -------------------------------------------------------------------------------------
METRICS_TOKEN = env.token("METRICS_TOKEN")  # opens /metrics; empty: there is no such page
DISK_FREE_MB = env.number("DISK_FREE_MB", default=500)  # below it, the disk is nearly full
# Asked after each round of housekeeping, so that another service notices silence. A secret.
HEARTBEAT_URL = "" if REHEARSAL else env.ping_url("HEARTBEAT_URL")

# --- The nightly attack on the promises (privacy/evidence/rehearsal) --------------------------------------------------
REHEARSE_NIGHTLY = env.flag("REHEARSE_NIGHTLY", default=True) and not REHEARSAL
REHEARSAL_HOUR = env.hour("REHEARSAL_HOUR", default=3)  # in the business's time zone
REHEARSAL_SECONDS = env.number("REHEARSAL_SECONDS", default=1800, most=86_400)  # then it is killed and counts as failed
# The server role that may create its scratch databases.
REHEARSAL_DATABASE = env.database("REHEARSAL_DATABASE_URL", default="")

# --- The sweep (privacy/sweep): logs that the web server, the proxy or systemd write ---------------------------------
LOG_FILES = env.words("LOG_FILES")  # paths; * and ** are wildcards

# --- Logs (aitpro/logs): no addresses, no bodies, nothing personal ---------------------------------------------------
LOG_FORMAT = env.choice("LOG_FORMAT", {"plain", "json"}, default="plain")
# Milliseconds from which a query or a request is logged; 0: none is.
LOG_SLOW_QUERIES_MS = env.number("LOG_SLOW_QUERIES_MS", default=500, least=0, most=600_000)
LOG_SLOW_REQUESTS_MS = env.number("LOG_SLOW_REQUESTS_MS", default=5000, least=0, most=600_000)
SENTRY_DSN = env.report_address("SENTRY_DSN")  # where errors are reported, without anything personal; empty: nowhere
LOGGING = logging_settings(LOG_FORMAT, SENTRY_DSN)
