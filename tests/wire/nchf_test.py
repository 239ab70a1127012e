"""Charges over Nchf_ConvergedCharging as 5G cores do: by curl, and by a second HTTP/2 client (the package h2).

    nchf_test.py FARTHING

curl, nghttp2-client and python3-h2 are packages of Debian.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from charging_test import World, expect
from http2 import Listener
from smf import DATA, IMSI, MB, NUMBER, Smf, granted, unit, usage

STORY = os.path.join(os.path.dirname(__file__), "../../catalogs/prepaid-cap")


class NchfWorld(World):
    def __init__(self, binary, folder):
        super().__init__(binary, folder)
        self.run("subscription", "add", "anna", "sim-2", "simple", "--from", "2026-01-01",
                 "--identity", f"msisdn={NUMBER}", "--identity", f"imsi={IMSI}")

    def start(self, *more):
        self.server = subprocess.Popen(
            [self.binary, "--home", self.home, "serve", "--listen", "127.0.0.1:0", "--nchf", "127.0.0.1:0", *more],
            stdout=subprocess.PIPE, text=True)
        self.nchf_port = int(self.server.stdout.readline().rsplit(":", 1)[1])
        self.port = int(self.server.stdout.readline().rsplit(":", 1)[1])

    def money(self):
        told = self.balance()
        return told["balance"], told["held"]


def by_curl(world):
    """The Location's last segment is the reference, as it is."""
    def ask(path, body):
        said = subprocess.run(["curl", "-sS", "-i", "--http2-prior-knowledge", "-H", "Content-Type: application/json",
                               "-d", json.dumps(body), f"http://127.0.0.1:{world.nchf_port}{path}"],
                              capture_output=True, text=True, check=True).stdout
        head, _, rest = said.partition("\n\n")
        return head.splitlines(), rest
    smf = Smf(world.nchf_port)
    head, _ = ask(DATA, smf.body())
    expect("curl", head[0].strip(), "HTTP/2 201")
    location = [line for line in head if line.startswith("location: ")][0][10:].strip()
    expect("where it is", location.startswith(f"http://127.0.0.1:{world.nchf_port}{DATA}/nchf-"), True)
    session = location.rsplit("/", 1)[1]
    expect("needs no escape", session.replace("-", "").isalnum(), True)
    head, body = ask(f"{DATA}/{session}/update", smf.body(usage(1, 2 * MB)))
    expect("granted to curl", (head[0].strip(), granted(json.loads(body))), ("HTTP/2 200", 2 * MB))
    head, body = ask(f"{DATA}/{session}/release", smf.body())
    expect("released", (head[0].strip(), body), ("HTTP/2 204", ""))


def session(world):
    """EC40: what is reported is charged, what is not used returns; a session begins without asking for units."""
    smf = Smf(world.nchf_port)
    ref, told = smf.create()
    expect("no units asked for", "multipleUnitInformation" in told, False)
    status, told = smf.update(ref, usage(1, 5 * MB, {}))
    expect("granted", (status, granted(told), unit(told)["resultCode"], unit(told)["uPFID"]),
           (200, 5 * MB, "SUCCESS", "upf-1"))
    expect("triggers", [one["triggerType"] for one in unit(told)["triggers"]],
           ["QUOTA_EXHAUSTED", "QUOTA_THRESHOLD", "VALIDITY_TIME"])
    expect("held", world.money(), ("10.00", "5.00"))
    status, told = smf.update(ref, usage(1, 2 * MB, 2_200_000))
    expect("goes on", (granted(told), world.money()), (2 * MB, ("7.80", "2.00")))
    expect("ends", smf.release(ref, usage(1, None, MB)), (204, None))
    expect("charged", world.money(), ("6.80", "0.00"))
    expect("gone", smf.update(ref, usage(1, MB))[1]["cause"], "CONTEXT_NOT_FOUND")
    expect("nor ended again", smf.release(ref)[0], 404)
    other = smf.body()
    expect("a session of another protocol", smf.client.ask(f"{DATA}/s1/update", other)[1]["cause"], "CONTEXT_NOT_FOUND")


def repeats(world):
    """EC39: reference, sequence, time stamp and body make a repeat; an equal sequence number alone does not."""
    smf = Smf(world.nchf_port)
    begin = smf.body()
    first = smf.client.ask(DATA, begin)
    again = smf.client.ask(DATA, {**begin, "retransmissionIndicator": True})
    expect("the same session", (again[0], again[1], again[2]["location"]), (first[0], first[1], first[2]["location"]))
    ref = first[2]["location"].rsplit("/", 1)[1]
    report = smf.body(usage(1, MB, 500_000))
    path = f"{DATA}/{ref}/update"
    told = smf.client.ask(path, report)
    expect("told again", smf.client.ask(path, report)[:2], told[:2])
    expect("with the indicator", smf.client.ask(path, {"retransmissionIndicator": True, **report})[:2], told[:2])
    later = {**report, "retransmissionIndicator": True, "invocationTimeStamp": "2026-06-01T12:00:00Z"}
    expect("and another time stamp", smf.client.ask(path, later)[1]["multipleUnitInformation"],
           told[1]["multipleUnitInformation"])
    expect("once", world.money(), ("6.30", "1.00"))
    smf.update(ref, usage(1, MB, 500_000))
    expect("the same usage later counts", world.money(), ("5.80", "1.00"))
    last = smf.body(usage(1, None, 300_000))
    for _ in range(2):
        expect("ends once", smf.client.ask(f"{DATA}/{ref}/release", last)[0], 204)
    expect("charged once", world.money(), ("5.50", "0.00"))
    world.server.send_signal(signal.SIGKILL)
    world.server.wait(30)
    world.start()
    smf = Smf(world.nchf_port)
    expect("also after a restart", smf.client.ask(f"{DATA}/{ref}/release", last)[0], 204)
    expect("and begun again", smf.client.ask(DATA, begin)[2]["location"].rsplit("/", 1)[1], ref)
    expect("one effect", world.money(), ("5.50", "0.00"))


def shapes(world):
    """EC46, EC47: groups that are many, empty, unknown; units of time and pieces; unknown fields and values."""
    smf = Smf(world.nchf_port)
    ref, told = smf.create(usage(1, 2 * MB), usage(2, MB), usage(3, {"time": 60}), newField={"deep": [1]},
                           triggers=[{"triggerType": "NEWS", "triggerCategory": "LATER"}])
    results = [one["resultCode"] for one in told["multipleUnitInformation"]]
    expect("each alone", results, ["SUCCESS", "SUCCESS", "RATING_FAILED"])
    expect("held", world.money(), ("5.50", "3.00"))
    smf.update(ref, usage(1, None, MB))
    expect("EC47 one returns, the other stays", world.money(), ("4.50", "1.00"))
    smf.release(ref)
    ref, told = smf.create(usage(1, {}))
    expect("EC43 chosen by us, and the last", (granted(told), unit(told)["finalUnitIndication"]),
           (4_500_000, {"finalUnitAction": "TERMINATE"}))
    expect("no threshold in what is last", "volumeQuotaThreshold" in unit(told), False)
    other, told = smf.create(usage(1, MB), chargingId=77)
    expect("no money", (unit(told)["resultCode"], granted(told)), ("QUOTA_LIMIT_REACHED", None))
    smf.release(other), smf.release(ref)
    ref, told = smf.create(usage(1, MB, upf="a"), usage(1, MB, upf="b"))
    expect("two of one group", [(granted(told, i), unit(told, i)["uPFID"]) for i in (0, 1)], [(MB, "a"), (MB, "b")])
    expect("held for both", world.money(), ("4.50", "2.00"))
    smf.release(ref)
    ref, told = smf.create(usage(9, {"serviceSpecificUnits": 2}))
    expect("pieces", (unit(told)["grantedUnit"], unit(told)["unitQuotaThreshold"] if "unitQuotaThreshold" in unit(told)
                      else None), ({"serviceSpecificUnits": 2}, None))
    smf.release(ref)
    offline = usage(1, {}, 100_000)
    offline["usedUnitContainer"][0]["quotaManagementIndicator"] = "OFFLINE_CHARGING"
    ref, _ = smf.create()
    told = smf.update(ref, offline)[1]
    expect("counted, and no quota", (unit(told)["resultCode"], granted(told), world.money()),
           ("SUCCESS", None, ("4.40", "0.00")))
    two = usage(1, None, 100_000, 200_000)
    two["usedUnitContainer"][0]["triggerTimestamp"] = "2026-06-01T10:00:00Z"
    smf.release(ref, two)
    expect("two containers", world.money(), ("4.10", "0.00"))
    by_number = smf.body(usage(1, MB))
    by_number["subscriberIdentifier"] = "nai-someone@example.org"
    status, told, headers = smf.client.ask(DATA, by_number)
    expect("by its number", (status, granted(told)), (201, MB))
    smf.release(headers["location"].rsplit("/", 1)[1])


def events(world):
    """A debit before the service, or after it; no session stays open."""
    smf = Smf(world.nchf_port)
    event = {"oneTimeEvent": True, "oneTimeEventType": "IEC"}
    body = smf.body(usage(5, {"serviceSpecificUnits": 2}), **event)
    for _ in range(2):
        status, told, headers = smf.client.ask(DATA, body)
        expect("debit", (status, unit(told)["resultCode"], unit(told)["grantedUnit"]),
               (201, "SUCCESS", {"serviceSpecificUnits": 2}))
    expect("once", world.money(), ("2.10", "0.00"))
    expect("no session", smf.release(headers["location"].rsplit("/", 1)[1])[0], 404)
    sms = smf.body(**event)
    sms["nfConsumerIdentification"]["nodeFunctionality"] = "SMSF"
    del sms["pDUSessionChargingInformation"], sms["subscriberIdentifier"]
    sms["sMSChargingInformation"] = {"originatorInfo": {"originatorSUPI": f"imsi-{IMSI}"},
                                     "recipientInfo": [{"recipientGPSI": "msisdn-4915112345"}]}
    status, told, _ = smf.client.ask(DATA, sms)
    expect("one message", (status, unit(told)["grantedUnit"], world.money()),
           (201, {"serviceSpecificUnits": 1}, ("1.10", "0.00")))
    status, told, _ = smf.client.ask(DATA, smf.body(usage(5, {"serviceSpecificUnits": 2}), **event))
    expect("no money for it", (status, told["cause"], world.money()), (403, "QUOTA_LIMIT_REACHED", ("1.10", "0.00")))
    place = "/multipleUnitUsage"
    refused(smf, 400, "MANDATORY_IE_MISSING", smf.body(**event), param=place)
    for one in (usage(1), usage(1, {}), usage(1, {"totalVolume": 0})):
        refused(smf, 400, "MANDATORY_IE_MISSING", smf.body(one, **event), param=f"{place}/0/requestedUnit")
    expect("of which nothing was debited", world.money(), ("1.10", "0.00"))
    after = smf.body(usage(5, None, {"serviceSpecificUnits": 2}), oneTimeEvent=True, oneTimeEventType="PEC")
    for _ in range(2):
        expect("it has happened", smf.client.ask(DATA, after)[0], 201)
    expect("EC42 charged beyond the money, once", world.money(), ("-0.90", "0.00"))
    world.ask("POST", "/v1/accounts/anna/topups", {"amount": "5.90", "reference": "p2"})


def told_by_us(world):
    """Re-authorisation and abort reach the address that the client gave, also after a restart."""
    listener = Listener()
    smf = Smf(world.nchf_port)
    ref, _ = smf.create(usage(1, MB), notifyUri=listener.url)
    expect("reauthorise", world.ask("POST", f"/v1/sessions/{ref}/reauthorise")[0], 202)
    expect("came", listener.next(), ("POST", "/notify/7", {"notificationType": "REAUTHORIZATION"}))
    world.server.send_signal(signal.SIGTERM)
    world.server.wait(30)
    world.start()
    expect("abort", world.ask("POST", f"/v1/sessions/{ref}/abort")[0], 202)
    expect("came", listener.next(), ("POST", "/notify/7", {"notificationType": "ABORT_CHARGING"}))
    smf = Smf(world.nchf_port)
    smf.release(ref)
    expect("nobody is there", world.ask("POST", f"/v1/sessions/{ref}/abort")[1]["code"] in
           ("client_unreachable", "unknown_session"), True)
    ref, _ = smf.create(notifyUri="ftp://127.0.0.1/x")
    expect("no address", world.ask("POST", f"/v1/sessions/{ref}/abort")[1]["code"], "client_unreachable")


def refused(smf, status, cause, body, path=DATA, param=None, **how):
    got, told, headers = smf.client.ask(path, body, **how)
    expect(f"{cause}: {str(body)[:60]}", (got, told.get("cause"), headers["content-type"]),
           (status, cause, "application/problem+json"))
    if param:
        expect("names it", told["invalidParams"][0]["param"], param)


def bad_input(world):
    """Everything gets a defined answer, or the end of the connection; nothing changes."""
    before = world.money()
    smf = Smf(world.nchf_port)
    ref, _ = smf.create()
    for junk in (b"{", b"[]", b"null", b"\xff\xfe{\0}\0", b"[" * 10_000, b'{"a":' * 10_000, b"{\"x\":01}", b"NaN",
                 b"\xef\xbb\xbf"):
        refused(smf, 400, "INVALID_MSG_FORMAT", junk)
    for field in ("nfConsumerIdentification", "invocationTimeStamp", "invocationSequenceNumber"):
        body = smf.body()
        del body[field]
        refused(smf, 400, "MANDATORY_IE_MISSING", body, param=f"/{field}")
    for field, value in (("invocationTimeStamp", "yesterday"), ("invocationSequenceNumber", -1),
                         ("invocationSequenceNumber", 2**32), ("invocationSequenceNumber", 0.5)):
        refused(smf, 400, "MANDATORY_IE_INCORRECT", {**smf.body(), field: value}, param=f"/{field}")
    body = smf.body()
    del body["subscriberIdentifier"], body["pDUSessionChargingInformation"]["userInformation"]
    refused(smf, 400, "MANDATORY_IE_MISSING", body, param="/subscriberIdentifier")
    without_group = smf.body({"requestedUnit": {}})
    refused(smf, 400, "MANDATORY_IE_MISSING", without_group, param="/multipleUnitUsage/0/ratingGroup")
    for volume in (-1, 2**63, 1e-12, 1.5, "10", [], 1e300):
        refused(smf, 400, "OPTIONAL_IE_INCORRECT", smf.body(usage(1, None, {"totalVolume": volume})),
                path=f"{DATA}/{ref}/update", param="/multipleUnitUsage/0/usedUnitContainer/0/totalVolume")
    nobody = smf.body(pDUSessionChargingInformation={}, subscriberIdentifier="imsi- 2480")
    refused(smf, 404, "USER_UNKNOWN", nobody)
    refused(smf, 404, "CONTEXT_NOT_FOUND", smf.body(), path=f"{DATA}/nchf-{'0' * 32}/update")
    refused(smf, 404, "RESOURCE_URI_STRUCTURE_NOT_FOUND", smf.body(), path="/nchf-convergedcharging/v2/chargingdata")
    refused(smf, 404, "RESOURCE_URI_STRUCTURE_NOT_FOUND", smf.body(), path=f"{DATA}/../../etc/passwd")
    refused(smf, 405, None, b"", method="GET")
    wide = json.dumps(smf.body())[:-1].encode() + b',"newField":[123456789012345678901234567890,1e400]}'
    expect("numbers that nobody reads", smf.client.ask(f"{DATA}/{ref}/update", wide)[0], 200)
    status, told, headers = smf.client.ask(DATA, b"", method="HEAD")
    expect("HEAD", (status, told, headers["allow"]), (405, None, "POST"))
    for size in (300_000, 3_000_000):
        refused(smf, 413, None, b"x" * size)
    refused(smf, 431, None, smf.body(), more=[("x-long", "x" * 20_000)])
    huge = smf.update(ref, usage(1, None, {"totalVolume": 2**63 - 1}))
    expect("more than a quantity can be", (huge[0], unit(huge[1])["resultCode"]), (200, "RATING_FAILED"))
    for stamp in ("1970-01-01T00:00:00Z", "2106-02-07T06:28:16Z"):
        expect(stamp, smf.update(ref, invocationTimeStamp=stamp)[0], 200)
    expect("twice in one object", smf.client.ask(f"{DATA}/{ref}/release", json.dumps(smf.body())[:-1].encode() +
                                                  b',"invocationSequenceNumber":7}')[1], None)
    expect("nothing changed", world.money(), before)


def hostile(world):
    """Bytes that are no HTTP/2, frames against its rules, bodies that never end, clients that do not read."""
    before = world.money()
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    frame = lambda kind, flags, stream, data=b"": (len(data).to_bytes(3, "big") + bytes([kind, flags]) +
                                                   stream.to_bytes(4, "big") + data)
    settings = frame(4, 0, 0)
    for junk in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\0" * 4096, b"\x16\x03\x01\x02\0" * 10, preface + b"\xff" * 9,
                 preface + settings + frame(0, 1, 1, b"{}"), preface + settings + frame(1, 5, 1, b"\x80" * 50),
                 preface + settings + frame(1, 0, 1, b"\x82") + frame(6, 0, 0, b"12345678"),
                 preface + settings + frame(8, 0, 0, b"\0\0\0\0"),
                 preface + settings + frame(6, 0, 0, b"x" * 8) * 20_000,
                 preface + settings + b"".join(frame(4, 0, 0, b"\0\3\0\0\0\1") for _ in range(20_000))):
        with socket.create_connection(("127.0.0.1", world.nchf_port), timeout=20) as odd:
            try:
                odd.sendall(junk)
                odd.shutdown(socket.SHUT_WR)
                got = b""
                while data := odd.recv(65536):
                    got += data
                if junk.startswith(b"GET"):
                    expect("of another protocol", got.split(b"\r\n")[0], b"HTTP/1.1 505 HTTP Version Not Supported")
            except OSError:
                pass  # the connection was ended while we still wrote
    smf = Smf(world.nchf_port)  # requests taken back as soon as they are made
    for _ in range(300):
        stream = smf.client.begin(DATA, smf.body(chargingId=5, subscriberIdentifier="imsi-0"))
        try:
            smf.client.h2.reset_stream(stream)
            smf.client.flush()
        except OSError:
            break
    smf = Smf(world.nchf_port)
    expect("still there", smf.release(smf.create()[0])[0], 204)
    expect("nothing changed", world.money(), before)


def many(world):
    """Many requests at once on one connection, and a body in single bytes."""
    smf = Smf(world.nchf_port)
    refs = [smf.create(chargingId=1000 + n)[0] for n in range(50)]
    streams = [smf.client.begin(f"{DATA}/{ref}/update", smf.body(usage(1, 100_000))) for ref in refs]
    got = [granted(smf.client.end(stream)[1]) for stream in streams]
    expect("money for fifty", (got, world.money()), ([100_000] * 50, ("5.00", "5.00")))
    streams = [smf.client.begin(f"{DATA}/{ref}/release", smf.body(usage(1, None, 50_000))) for ref in refs]
    expect("all end", {smf.client.end(stream)[0] for stream in streams}, {204})
    expect("charged", world.money(), ("2.50", "0.00"))
    stream = smf.client.h2.get_next_available_stream_id()
    smf.client.h2.send_headers(stream, [(":method", "POST"), (":scheme", "http"), (":path", DATA), (":authority", "a")])
    smf.client.answers[stream] = {"headers": None, "body": b"", "done": False}
    data = json.dumps(smf.body()).encode()
    for at in range(len(data)):
        smf.client.h2.send_data(stream, data[at:at + 1], end_stream=at + 1 == len(data))
        smf.client.flush()
    status, _, headers = smf.client.end(stream)
    expect("in bytes", status, 201)
    smf.release(headers["location"].rsplit("/", 1)[1])


def last_words(world):
    """Who says no more is answered before the connection ends."""
    before = world.money()
    smf = Smf(world.nchf_port)
    streams = [smf.client.begin(DATA, smf.body(usage(1, 1000), chargingId=900 + n)) for n in range(3)]
    smf.client.socket.shutdown(socket.SHUT_WR)
    smf.client.flush = lambda: None
    answers = [smf.client.end(stream) for stream in streams]
    expect("answered", [status for status, _, _ in answers], [201] * 3)
    expect("the end", smf.client.read(), False)
    smf = Smf(world.nchf_port)
    for _, _, headers in answers:
        smf.release(headers["location"].rsplit("/", 1)[1])
    expect("nothing stays", world.money(), before)


def redirected(world):
    """A session without money is led to where it can be paid in; an event is refused."""
    world.start("--redirect", "http://pay.example.org", "--meter", "20=data", "--meter", "30=sms")
    smf = Smf(world.nchf_port)
    ref, told = smf.create(usage(1, 9 * MB))
    expect("all", (granted(told), world.money()), (2_500_000, ("2.50", "2.50")))
    other, told = smf.create(usage(1, MB), chargingId=2)
    expect("led", (unit(told)["resultCode"], unit(told)["finalUnitIndication"]["finalUnitAction"]),
           ("SUCCESS", "REDIRECT"))
    smf.release(ref), smf.release(other)
    event = {"oneTimeEvent": True, "oneTimeEventType": "IEC"}
    both = smf.body(usage(1, 2 * MB), usage(2, MB), **event)
    status, told, _ = smf.client.ask(DATA, both)
    if status == 201:
        expect("an event is not", [(one["resultCode"], "finalUnitIndication" in one)
                                   for one in told["multipleUnitInformation"]],
               [("SUCCESS", False), ("QUOTA_LIMIT_REACHED", False)])
    else:
        expect("an event is not", (status, told["cause"]), (403, "QUOTA_LIMIT_REACHED"))
    # Of a meter that is named, one piece is meant where it counts them.
    before = world.money()
    refused(smf, 400, "MANDATORY_IE_MISSING", smf.body(usage(20), **event), param="/multipleUnitUsage/0/requestedUnit")
    expect("nothing was debited", world.money(), before)
    status, told, _ = smf.client.ask(DATA, smf.body(usage(30), **event))
    if before[0] == "0.50":  # the two before were debited apart
        expect("no money for a message", (status, told["cause"]), (403, "QUOTA_LIMIT_REACHED"))
    else:
        expect("a message", (status, unit(told)["grantedUnit"]), (201, {"serviceSpecificUnits": 1}))
    world.server.send_signal(signal.SIGTERM)
    expect("ended", world.server.wait(30), 0)


def by_h2load(world):
    """A third client, with many streams on several connections."""
    with tempfile.NamedTemporaryFile("w") as body:
        json.dump(Smf(world.nchf_port).body(chargingId=4711), body)
        body.flush()
        said = subprocess.run(["h2load", "-n", "2000", "-c", "4", "-m", "50", "-d", body.name,
                               f"http://127.0.0.1:{world.nchf_port}{DATA}"], capture_output=True, text=True).stdout
    expect("h2load", "2000 succeeded, 0 failed" in said, True)


class StoryWorld(NchfWorld):
    def __init__(self, binary, folder):  # not the catalog of the other tests
        self.binary, self.home, self.server = binary, f"{folder}/story", None
        self.run("catalog", "publish", STORY)
        self.run("account", "add", "anna")
        self.run("subscription", "add", "anna", "tracker-1", "tracker", "--from", "2026-01-01",
                 "--identity", f"imsi={IMSI}")
        self.key = self.run("key", "add", "gateway", "--scope", "charge", "--scope", "manage").strip()


def story(binary, folder):
    """EC44 and story 4, over Nchf: 500 pass, 4,500 are refused; a cap holds after a top-up; data ends with money."""
    world = StoryWorld(binary, folder)
    world.start()
    try:
        world.ask("POST", "/v1/accounts/anna/topups", {"amount": "50.00", "reference": "card-1"})
        world.ask("PUT", "/v1/accounts/anna/limits", {"cap": "50.00"})
        smf = Smf(world.nchf_port)
        event = {"oneTimeEvent": True, "oneTimeEventType": "IEC"}
        def sms(n):
            return smf.body(usage(5, {"serviceSpecificUnits": 1}), invocationSequenceNumber=n, **event)
        statuses = []
        for at in range(0, 5000, 100):
            streams = [smf.client.begin(DATA, sms(at + n)) for n in range(100)]
            statuses += [smf.client.end(stream)[0] for stream in streams]
        expect("EC44: pass, refused", (statuses.count(201), statuses.count(403)), (500, 4500))
        told = world.balance()
        expect("EC44: balance, alerts", (told["balance"], told["alerts"]), ("0.00", 3))
        world.ask("POST", "/v1/accounts/anna/topups", {"amount": "20.00", "reference": "card-2"})
        status, told, _ = smf.client.ask(DATA, sms(0))
        expect("the cap still holds", (status, told["cause"], "cap" in told["detail"]),
               (403, "QUOTA_LIMIT_REACHED", True))
        world.ask("PUT", "/v1/accounts/anna/limits", {"cap": "70.00"})
        expect("then the next passes", (smf.client.ask(DATA, sms(0))[0], world.balance()["balance"]), (201, "19.90"))
        world.ask("PUT", "/v1/accounts/anna/limits", {"cap": "none"})
        # The same over data at 0.50 a MB: two devices at once never spend the same cent.
        one, told = smf.create(usage(1, 30 * MB), chargingId=1)
        two, other = smf.create(usage(1, 30 * MB), chargingId=2)
        expect("all, and what is left", (granted(told), granted(other)), (30 * MB, 9_800_000))
        expect("the last units", unit(other)["finalUnitIndication"]["finalUnitAction"], "TERMINATE")
        told = smf.update(one, usage(1, MB, 30 * MB))[1]
        expect("cut off", (unit(told)["resultCode"], world.money()), ("QUOTA_LIMIT_REACHED", ("4.90", "4.90")))
        expect("ends", (smf.release(two, usage(1, None, 9_800_000))[0], world.money()), (204, ("0.00", "0.00")))
        world.ask("POST", "/v1/accounts/anna/topups", {"amount": "1.00", "reference": "card-3"})
        expect("unlock on pay", granted(smf.update(one, usage(1, MB))[1]), MB)
        expect("ends", smf.release(one)[0], 204)
        world.server.send_signal(signal.SIGTERM)
        while smf.client.read():
            pass
        expect("told that we leave", smf.client.left, 0)
        expect("ended", world.server.wait(30), 0)
        if "wrong" in (said := world.run("check", "all")):
            raise SystemExit(said)
    finally:
        world.server.kill()


def main():
    for program in ("curl", "h2load"):
        if shutil.which(program) is None:
            sys.exit(f"FAILED: {program} is not installed; scripts/setup installs it")
    with tempfile.TemporaryDirectory() as folder:
        world = NchfWorld(sys.argv[1], folder)
        world.start()
        try:
            world.ask("POST", "/v1/accounts/anna/topups", {"amount": "10.00", "reference": "p1"})
            for part in (by_curl, session, repeats, shapes, events, told_by_us, bad_input, hostile, last_words,
                         by_h2load):
                part(world)
            expect("before many", world.money(), ("5.00", "0.00"))
            many(world)
            world.server.send_signal(signal.SIGTERM)
            expect("ended", world.server.wait(30), 0)
            redirected(world)
        finally:
            world.server.kill()
        story(sys.argv[1], folder)
    print("charged over Nchf: sessions, repeats, events, notifications, bad input, hostile frames, story 4")


if __name__ == "__main__":
    main()
