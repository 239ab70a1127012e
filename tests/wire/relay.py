"""freeDiameter as a relay, for tests."""
import signal
import socket
import subprocess
import time


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Relay:
    """freeDiameter, which connects to the server as a peer and relays what a client sends."""

    def __init__(self, folder, server_port, over="No_SCTP"):
        self.port, self.log = free_port(), f"{folder}/relay.log"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=dra.example.org", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                       check=True, capture_output=True)
        with open(f"{folder}/acl.conf", "w", encoding="utf-8") as out:
            out.write("ALLOW_IPSEC pgw.example.org\n")
        with open(f"{folder}/relay.conf", "w", encoding="utf-8") as out:
            out.write(f"""Identity = "dra.example.org";
Realm = "example.org";
Port = {self.port};
SecPort = 0;
{"No_SCTP;" if over == "No_SCTP" else ""}
No_IPv6;
ListenOn = "127.0.0.1";
TwTimer = 6;
TLS_Cred = "{folder}/cert.pem", "{folder}/key.pem";
TLS_CA = "{folder}/cert.pem";
LoadExtension = "acl_wl.fdx" : "{folder}/acl.conf";
LoadExtension = "dict_nasreq.fdx";
LoadExtension = "dict_dcca.fdx";
LoadExtension = "dict_dcca_3gpp.fdx";
ConnectPeer = "ocs.example.org" {{ No_TLS; {over}; No_IPv6; ConnectTo = "127.0.0.1"; Port = {server_port}; }};
""")
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["freeDiameterd", "-c", f"{folder}/relay.conf"], stdout=log, stderr=log)
        self.wait_for("STATE_OPEN")

    def wait_for(self, words):
        for _ in range(200):
            with open(self.log, encoding="utf-8", errors="replace") as log:
                if words in log.read():
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise SystemExit(f"freeDiameter did not come to {words}:\n{log.read()[-3000:]}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise SystemExit("freeDiameter does not leave") from None
