"""HTTP/2 with prior knowledge, by the package h2: a client that may have many requests open, and a listener."""
import json
import os
import socket
import sys
import threading

try:
    import h2  # noqa: F401
except ImportError:  # Debian's own Python has the package: the test begins again with it
    if sys.executable == "/usr/bin/python3":
        sys.exit("FAILED: python3-h2 is not installed; scripts/setup installs it")
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])

import h2.config
import h2.connection
import h2.events


class Client:
    def __init__(self, port, wrap=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        if wrap:
            self.socket = wrap(self.socket)
        self.port = port
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.answers, self.left = {}, None
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def begin(self, path, body, method="POST", more=()):
        """Sends a request and gives its stream."""
        stream = self.h2.get_next_available_stream_id()
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.h2.send_headers(stream, [(":method", method), (":scheme", "http"), (":path", path),
                                      (":authority", f"127.0.0.1:{self.port}"), ("content-type", "application/json"),
                                      *more], end_stream=not data)
        self.answers[stream] = {"headers": None, "body": b"", "done": False}
        while data:
            size = min(len(data), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if size == 0:
                self.flush()
                self.read()
                if self.answers[stream]["done"]:
                    break
                continue
            self.h2.send_data(stream, data[:size], end_stream=size == len(data))
            data = data[size:]
        self.flush()
        return stream

    def read(self):
        """Takes what comes next; False at the end of the connection."""
        data = self.socket.recv(65536)
        if not data:
            return False
        for event in self.h2.receive_data(data):
            answer = self.answers.get(getattr(event, "stream_id", None))
            if isinstance(event, h2.events.ConnectionTerminated):
                self.left = event.error_code
            elif answer is None:
                continue
            elif isinstance(event, h2.events.ResponseReceived):
                answer["headers"] = dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                answer["body"] += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                answer["done"] = True
        self.flush()
        return True

    def end(self, stream):
        """(status, body, headers) of a request that was begun."""
        while not self.answers[stream]["done"]:
            if not self.read():
                raise SystemExit("the connection ended before the answer")
        answer = self.answers.pop(stream)
        if answer["headers"] is None:
            return None, None, {}
        body = json.loads(answer["body"]) if answer["body"] else None
        return int(answer["headers"][":status"]), body, answer["headers"]

    def ask(self, path, body, **how):
        return self.end(self.begin(path, body, **how))


class Listener:
    """Takes requests at an address of its own, and answers each with 204."""

    def __init__(self, wrap=None):
        """wrap: makes a connection one of TLS."""
        self.socket, self.wrap = socket.create_server(("127.0.0.1", 0)), wrap
        self.url = f"http{'s' if wrap else ''}://127.0.0.1:{self.socket.getsockname()[1]}/notify/7"
        self.got, self.came = [], threading.Semaphore(0)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            try:
                connection = self.wrap(connection) if self.wrap else connection
            except OSError:
                continue
            session = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
            session.initiate_connection()
            connection.sendall(session.data_to_send())
            headers, body = {}, b""
            while data := connection.recv(65536):
                for event in session.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        headers = dict(event.headers)
                    elif isinstance(event, h2.events.DataReceived):
                        body += event.data
                    elif isinstance(event, h2.events.StreamEnded):
                        session.send_headers(event.stream_id, [(":status", "204")], end_stream=True)
                        self.got.append((headers[":method"], headers[":path"], json.loads(body)))
                        self.came.release()
                connection.sendall(session.data_to_send())

    def next(self):
        if not self.came.acquire(timeout=10):
            raise SystemExit("nobody was told")
        return self.got.pop(0)
