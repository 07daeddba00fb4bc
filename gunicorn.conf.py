"""gunicorn's settings for the demo and for production.

There is no access log. Where one is switched on, its format leaves out the visitor's address and the whole path, in
which are links that open something.

`WEB_CONCURRENCY` in the environment is the number of worker processes.
"""

import ctypes
import gc
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aitpro.settings")  # the worker class reads them before the site does
os.umask(0o077)  # from the first file on: the settings, which say the same, are read later
umask = 0o077  # of a Unix socket that gunicorn makes itself; its default would let everybody connect
worker_class = "aitpro.web_worker.LaneWorker"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 4  # for pages; and one for the lane, and one for each connection while its request arrives
worker_connections = 500
timeout = 60  # seconds; longer than PayPal may take to answer
graceful_timeout = 20
max_requests = 100_000  # then a worker gives its memory back: it answers what it has accepted, and a new one starts
max_requests_jitter = 20_000  # so that they don't all do it at once
limit_request_line = 8190  # bytes; the most that gunicorn allows
limit_request_field_size = 16380  # bytes of one header: as many cookies as other software of the same host may set
accesslog = None
access_log_format = "%(t)s %(m)s %(s)s %(B)s %(D)s"
logger_class = "aitpro.web_worker.Log"
forwarder_headers = ""  # no header says under which path the site lies: whoever sent one would get a bare 500
secure_scheme_headers = {}  # whose X-Forwarded-Proto counts is decided in one place, TRUSTED_PROXIES
control_socket_disable = True  # it would lie outside the data folder, and two copies would share it
# The workers share what the master loads before it forks (aitpro/shared_memory.py). SIGHUP loads no new code: restart.
preload_app = True

# A thread that computes holds up the others for so long, each time one has sent or received. Python has 5 ms.
sys.setswitchinterval(0.001)  # seconds

# glibc keeps freed memory for each thread, once it was large: a password hash takes 19 MB. This gives it back at once.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # from malloc.h
if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
    mallopt(M_MMAP_THRESHOLD, 256 * 1024)  # bytes
    mallopt(M_ARENA_MAX, 2)


def when_ready(server):
    """Leaves what is loaded alone in garbage collections, which would write to it and end the sharing."""
    gc.collect()
    gc.freeze()
