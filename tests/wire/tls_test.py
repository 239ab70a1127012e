"""All ports with TLS: HTTP and Nchf by curl, Diameter by Python's ssl; openssl looks at versions and protocols.

    tls_test.py FARTHING
"""
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import diameter
import http2
from charging_test import World, expect
from diameter import Client

NUMBER = "37255500001"
DATA = "/nchf-convergedcharging/v3/chargingdata"
PORTS = ("diameter", "nchf", "http")


def openssl(*words, **how):
    return subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=30, **how)


def certificate(folder, name, issuer=None):
    """NAME.pem and NAME.key, signed by the issuer or by itself."""
    made = openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                   "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                   *(("-CA", f"{folder}/{issuer}.pem", "-CAkey", f"{folder}/{issuer}.key") if issuer else ()),
                   "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem")
    expect(f"certificate {name}: {made.stderr}", made.returncode, 0)


class TlsWorld(World):
    def __init__(self, binary, folder):
        super().__init__(binary, folder)
        self.folder = folder
        self.run("subscription", "add", "anna", "sim-2", "simple", "--from", "2026-01-01",
                 "--identity", f"msisdn={NUMBER}")

    def serve(self, *more):
        return [self.binary, "--home", self.home, "serve", "--listen", "127.0.0.1:0", "--nchf", "127.0.0.1:0",
                "--diameter", "127.0.0.1:0", "--host", "ocs.example.org", *more]

    def start(self, *more):
        files = ("--tls-cert", f"{self.folder}/server.pem", "--tls-key", f"{self.folder}/server.key")
        self.server = subprocess.Popen(self.serve(*files, *more), stdout=subprocess.PIPE, text=True,
                                       stderr=open(f"{self.folder}/errors", "w", encoding="utf-8"))
        self.ports = {port: int(self.server.stdout.readline().rsplit(":", 1)[1]) for port in PORTS}

    def said(self, words, seconds=3):
        end = time.time() + seconds
        while time.time() < end:
            with open(f"{self.folder}/errors", encoding="utf-8") as log:
                if words in log.read():
                    return True
            time.sleep(0.1)
        return False

    def curl(self, port, path, *more, scheme="https"):
        at = f"{scheme}://localhost:{self.ports[port]}{path}"
        return subprocess.run(["curl", "-sS", "-i", "--cacert", f"{self.folder}/root.pem", *more, at],
                              capture_output=True, text=True, timeout=30)

    def look(self, port, *more):
        return openssl("s_client", "-connect", f"localhost:{self.ports[port]}", "-CAfile",
                       f"{self.folder}/root.pem", *more, stdin=subprocess.DEVNULL)


def body():
    return json.dumps({"nfConsumerIdentification": {"nodeFunctionality": "SMF"},
                       "invocationTimeStamp": "2026-06-01T10:00:00Z", "invocationSequenceNumber": 0,
                       "subscriberIdentifier": f"msisdn-{NUMBER}",
                       "multipleUnitUsage": [{"ratingGroup": 1, "requestedUnit": {"totalVolume": 1_000_000}}]})


def over_http(world):
    told = world.curl("http", "/v1/accounts/anna/topups", "-H", f"Authorization: Bearer {world.key}", "-d",
                      '{"amount": "5.00", "reference": "p1"}')
    expect("HTTP", (told.stdout.split("\n")[0].strip(), '"balance":"5.00"' in told.stdout), ("HTTP/1.1 200 OK", True))
    strange = subprocess.run(["curl", "-sS", f"https://localhost:{world.ports['http']}/healthz"], capture_output=True)
    expect("a certificate that nobody trusts", strange.returncode, 60)
    expect("clear text is no TLS", world.curl("http", "/healthz", scheme="http").returncode != 0, True)


def over_nchf(world):
    told = world.curl("nchf", DATA, "--http2", "-H", "Content-Type: application/json", "-d", body())
    location = f"location: https://localhost:{world.ports['nchf']}{DATA}/nchf-"
    expect("Nchf", (told.stdout.split("\n")[0].strip(), location in told.stdout,
                    '"totalVolume":1000000' in told.stdout), ("HTTP/2 201", True, True))
    expect("ALPN", "ALPN protocol: h2" in world.look("nchf", "-alpn", "h2").stdout, True)
    expect("another protocol", world.look("nchf", "-alpn", "http/1.1").returncode, 1)


def told_by_https(world, trusted):
    """A client is told at its https address, where its certificate is trusted."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    name = "server" if trusted else "other"
    context.load_cert_chain(f"{world.folder}/{name}.pem", f"{world.folder}/{name}.key")
    context.set_alpn_protocols(["h2"])
    listener = http2.Listener(lambda one: context.wrap_socket(one, server_side=True))
    asked = {**json.loads(body()), "notifyUri": listener.url, "invocationTimeStamp": f"2026-06-01T10:00:0{trusted:d}Z"}
    told = world.curl("nchf", DATA, "--http2", "-H", "Content-Type: application/json", "-d", json.dumps(asked))
    ref = re.search(f"location: .*{DATA}/(\\S+)", told.stdout).group(1)
    told = world.curl("http", f"/v1/sessions/{ref}/abort", "-H", f"Authorization: Bearer {world.key}", "-X", "POST")
    expect("asked", told.stdout.split("\n")[0].strip(), "HTTP/1.1 202 Accepted")
    if trusted:
        expect("told", listener.next(), ("POST", "/notify/7", {"notificationType": "ABORT_CHARGING"}))
    expect("said", world.said("client_not_told"), not trusted)


def over_diameter(world):
    client = Client(world.ports["diameter"])
    context = ssl.create_default_context(cafile=f"{world.folder}/root.pem")
    client.socket = context.wrap_socket(client.socket, server_hostname="localhost")
    expect("capabilities", client.capabilities().code, 2001)
    asked = [("Rating-Group", 1), ("Requested-Service-Unit", [("CC-Total-Octets", 1000)])]
    told = client.charge("t1", 1, 0, ("MSCC", asked), e164=NUMBER)
    expect("Diameter", (told.code, told.services()[0]["Result-Code"]), (2001, 2001))
    return client


def played(world):
    """charge simulate over TLS, in each protocol; by name and by address."""
    ca = ("--ca", f"{world.folder}/root.pem")
    def simulate(port, *more, host="localhost"):
        names = (NUMBER[:-1], "data", "1000") if port != "http" else ("sim-", "data", "1 kB")
        return subprocess.run([world.binary, "charge", "simulate", *names, "--protocol", port, "--key", world.key,
                               "--to", f"{host}:{world.ports[port]}", "--rate", "200", "--seconds", "2",
                               "--sessions", "8", *more], capture_output=True, text=True, timeout=60)
    for port, host in (("diameter", "localhost"), ("nchf", "127.0.0.1"), ("http", "localhost")):
        told = simulate(port, *ca, host=host)
        expect(f"{port} played: {told.stderr}", (told.returncode, told.stdout.startswith("400 answered"),
                                                 "granted" in told.stdout), (0, True, False))
    for why, words, name in (("nobody trusts it", ("--tls",), "server_untrusted"),
                             ("another's root", ("--ca", f"{world.folder}/other.pem"), "server_untrusted"),
                             ("no file", ("--ca", f"{world.folder}/none.pem"), "authorities_unusable"),
                             ("no certificates", ("--ca", f"{world.folder}/root.key"), "authorities_unusable"),
                             ("clear text", (), "server_unreachable")):
        told = simulate("diameter", *words)
        expect(f"{why}: {told.stderr}", (told.returncode != 0, name in told.stderr, told.stdout), (True, True, ""))
    told = simulate("diameter", *ca, host="127.1")
    expect(f"another name than its own: {told.stderr}", "server_untrusted" in told.stderr, True)


def versions(world):
    for port in PORTS:
        for version, passes in (("-tls1_3", True), ("-tls1_2", True), ("-tls1_1", False)):
            told = world.look(port, version, "-cipher", "DEFAULT@SECLEVEL=0")
            got = "Verify return code: 0 (ok)" in told.stdout and "Cipher is (NONE)" not in told.stdout
            expect(f"{port} {version}", got, passes)
        with socket.create_connection(("127.0.0.1", world.ports[port]), timeout=30) as odd:
            odd.sendall(b"\x16\x03\x01\x7f\xff" + os.urandom(2000))  # and then nothing
            odd.shutdown(socket.SHUT_WR)
            try:
                while odd.recv(4096):
                    pass
            except OSError:
                pass


def refusals(world):
    """What can't be used is named, and nothing is listened on."""
    folder = world.folder
    with open(f"{folder}/junk.pem", "w", encoding="utf-8") as out:
        out.write("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
    for cert, key, names in (("none.pem", "server.key", "none.pem"), ("junk.pem", "server.key", "junk.pem"),
                             ("server.pem", "root.key", "root.key"), ("server.pem", "none.key", "none.key")):
        told = subprocess.run(world.serve("--tls-cert", f"{folder}/{cert}", "--tls-key", f"{folder}/{key}"),
                              capture_output=True, text=True, timeout=30)
        expect(f"{cert} and {key}: {told.stderr}",
               (told.returncode, "tls_unusable" in told.stderr, names in told.stderr, told.stdout), (2, True, True, ""))
    for words, says in ((("--tls-cert", f"{folder}/server.pem"), "go together"),
                        (("--clear", "all"), "--clear is"),
                        (("--nchf-client", "10.1.0.0/33"), "network_malformed"),
                        (("--nchf-grant", "1"), "--nchf-grant")):
        told = subprocess.run(world.serve(*words), capture_output=True, text=True, timeout=30)
        expect(f"{words}: {told.stderr}", (told.returncode, says in told.stderr), (2, True))


def main():
    with tempfile.TemporaryDirectory() as folder:
        certificate(folder, "root")
        certificate(folder, "other")
        certificate(folder, "server", "root")
        world = TlsWorld(sys.argv[1], folder)
        refusals(world)
        world.start("--nchf-ca", f"{folder}/root.pem")
        try:
            over_http(world)
            over_nchf(world)
            played(world)
            told_by_https(world, True)
            told_by_https(world, False)
            versions(world)
            client = over_diameter(world)
            world.server.send_signal(signal.SIGTERM)
            leave = client.receive()
            expect("told that we leave", leave.command, diameter.DPR)
            expect("ended", world.server.wait(30), 0)
            world.start("--clear", "nchf")
            told = world.curl("nchf", DATA, "--http2-prior-knowledge", "-d", body(), scheme="http")
            expect("one in clear text", told.stdout.split("\n")[0].strip(), "HTTP/2 201")
            expect("the others not", world.curl("http", "/healthz").stdout.split("\n")[0].strip(), "HTTP/1.1 200 OK")
        finally:
            world.server.kill()
    print("all ports over TLS: curl, openssl and Python; what can't be used is named")


if __name__ == "__main__":
    main()
