"""The whole production set on loopback, as docs/deployment.md installs it: PostgreSQL, Redis, a mail server, the PayPal
stand-in, two web instances on sockets that outlive them, worker, clock, and nginx with TLS from `deploy/nginx`.

    with Production(folder).running() as production:
        visitor = production.visitor()                  # a browser that verifies the certificate
        production["web-1"].kill()                      # SIGKILL
        production["web-1"].start()                     # as systemd would
        production["postgresql"].restart()
        production["smtp"].stop()
        production.keep_running()                       # from now on, what ends is started again after a second

Each part is a process group of its own: `start`, `stop` (SIGTERM), `kill` (SIGKILL), `restart`, `signal`, `is_running`,
`pid`, `children()`. `make deploy-demo` runs the main path through all of them.
"""
