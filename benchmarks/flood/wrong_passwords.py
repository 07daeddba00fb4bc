"""A program that posts wrong passwords from many connections until it is killed: `PORT CONNECTIONS`."""

from __future__ import annotations

import re
import socket
import sys
from contextlib import closing
from threading import Thread
from urllib.parse import urlencode

SIGN_IN = "/accounts/login/"
HEAD = "Host: 127.0.0.1\r\nConnection: close\r\n"


def answer(port: int, request: bytes) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as line:
        line.sendall(request)
        return b"".join(iter(lambda: line.recv(65536), b""))


def post_for_ever(port: int, number: int) -> None:
    page = answer(port, f"GET {SIGN_IN} HTTP/1.1\r\n{HEAD}\r\n".encode()).decode()
    [cookie] = re.findall(r"csrftoken=(\w+)", page)
    token = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page)[0]
    form = {"csrfmiddlewaretoken": token, "email": "owner@example.org", "password": f"wrong {number}"}
    body = urlencode(form)
    head = f"POST {SIGN_IN} HTTP/1.1\r\n{HEAD}Cookie: csrftoken={cookie}\r\n"
    head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    while True:
        answer(port, (head + body).encode())


if __name__ == "__main__":
    for number in range(int(sys.argv[2])):
        Thread(target=post_for_ever, args=(int(sys.argv[1]), number)).start()
