"""Diameter by hand, for tests: messages and AVPs as Python lists, a client over TCP, and captures as pcap files."""
import socket
import struct

THREE_GPP = 10415
SCTP = 132  # of IP's protocols
# name: (code, vendor, type)
AVPS = {
    "Called-Station-Id": (30, 0, "text"), "Event-Timestamp": (55, 0, "u32"), "Host-IP-Address": (257, 0, "octets"),
    "Auth-Application-Id": (258, 0, "u32"), "Vendor-Specific-Application-Id": (260, 0, "group"),
    "Session-Id": (263, 0, "text"), "Origin-Host": (264, 0, "text"), "Supported-Vendor-Id": (265, 0, "u32"),
    "Vendor-Id": (266, 0, "u32"), "Result-Code": (268, 0, "u32"), "Product-Name": (269, 0, "text"),
    "Disconnect-Cause": (273, 0, "u32"), "Origin-State-Id": (278, 0, "u32"), "Failed-AVP": (279, 0, "group"),
    "Error-Message": (281, 0, "text"), "Route-Record": (282, 0, "text"), "Destination-Realm": (283, 0, "text"),
    "Proxy-Info": (284, 0, "group"), "Proxy-Host": (280, 0, "text"), "Proxy-State": (33, 0, "octets"),
    "Re-Auth-Request-Type": (285, 0, "u32"), "Destination-Host": (293, 0, "text"), "Origin-Realm": (296, 0, "text"),
    "Inband-Security-Id": (299, 0, "u32"), "CC-Input-Octets": (412, 0, "u64"), "CC-Output-Octets": (414, 0, "u64"),
    "CC-Request-Number": (415, 0, "u32"), "CC-Request-Type": (416, 0, "u32"),
    "CC-Service-Specific-Units": (417, 0, "u64"), "CC-Session-Failover": (418, 0, "u32"),
    "CC-Sub-Session-Id": (419, 0, "u64"), "CC-Time": (420, 0, "u32"),
    "CC-Total-Octets": (421, 0, "u64"), "Check-Balance-Result": (422, 0, "u32"),
    "Cost-Information": (423, 0, "group"), "Currency-Code": (425, 0, "u32"), "Exponent": (429, 0, "i32"),
    "Unit-Value": (445, 0, "group"), "Value-Digits": (447, 0, "u64"),
    "Credit-Control-Failure-Handling": (427, 0, "u32"), "Final-Unit-Indication": (430, 0, "group"),
    "Granted-Service-Unit": (431, 0, "group"), "Rating-Group": (432, 0, "u32"),
    "Redirect-Address-Type": (433, 0, "u32"),
    "Redirect-Server": (434, 0, "group"), "Redirect-Server-Address": (435, 0, "text"),
    "Requested-Action": (436, 0, "u32"), "Requested-Service-Unit": (437, 0, "group"),
    "Service-Identifier": (439, 0, "u32"), "Subscription-Id": (443, 0, "group"),
    "Subscription-Id-Data": (444, 0, "text"), "Used-Service-Unit": (446, 0, "group"), "Validity-Time": (448, 0, "u32"),
    "Final-Unit-Action": (449, 0, "u32"), "Subscription-Id-Type": (450, 0, "u32"),
    "Multiple-Services-Indicator": (455, 0, "u32"), "MSCC": (456, 0, "group"), "Service-Context-Id": (461, 0, "text"),
    "SGSN-MCC-MNC": (18, THREE_GPP, "text"), "Reporting-Reason": (872, THREE_GPP, "u32"),
    "Service-Information": (873, THREE_GPP, "group"), "PS-Information": (874, THREE_GPP, "group"),
    "AoC-Request-Type": (2055, THREE_GPP, "u32"), "Refund-Information": (2022, THREE_GPP, "octets"),
}
NAMES = {(code, vendor): (name, kind) for name, (code, vendor, kind) in AVPS.items()}
OPTIONAL = {"Product-Name", "Error-Message"}
CER, RAR, CCR, ASR, DWR, DPR = 257, 258, 272, 274, 280, 282


def avp(name, value):
    code, vendor, kind = AVPS[name]
    data = {"text": lambda: value.encode(), "octets": lambda: value, "u32": lambda: struct.pack(">I", value),
            "u64": lambda: struct.pack(">Q", value), "group": lambda: encode(value)}[kind]()
    return raw_avp(code, data, vendor, 0 if name in OPTIONAL else 0x40)


def raw_avp(code, data, vendor=0, flags=0x40, length=None):
    head = struct.pack(">II", code, (flags | (0x80 if vendor else 0)) << 24 |
                       (len(data) + (12 if vendor else 8) if length is None else length))
    return head + (struct.pack(">I", vendor) if vendor else b"") + data + b"\0" * (-len(data) % 4)


def encode(avps):
    return b"".join(one if isinstance(one, bytes) else avp(*one) for one in avps)


def message(command, avps, application=4, flags=0xC0, hop=1, end=1):
    body = encode(avps)
    return struct.pack(">IIIII", 1 << 24 | len(body) + 20, flags << 24 | command, application, hop, end) + body


def decode(data):
    """The AVPs as (name, value); fails where a length is wrong or padding is not zero."""
    found = []
    while data:
        code, bits = struct.unpack(">II", data[:8])
        flags, length = bits >> 24, bits & 0xFFFFFF
        start = 12 if flags & 0x80 else 8
        vendor = struct.unpack(">I", data[8:12])[0] if flags & 0x80 else 0
        size = length + -length % 4
        assert start <= length and size <= len(data), f"AVP {code} of length {length} in {len(data)} bytes"
        value = data[start:length]
        assert not any(data[length:size]), f"AVP {code}: padding is not zero"
        name, kind = NAMES.get((code, vendor), (f"{vendor}:{code}", "octets"))
        if name != "Failed-AVP":
            value = {"text": lambda v: v.decode(), "octets": bytes, "u32": lambda v: struct.unpack(">I", v)[0],
                     "i32": lambda v: struct.unpack(">i", v)[0],
                     "u64": lambda v: struct.unpack(">Q", v)[0], "group": decode}[kind](value)
        found.append((name, value))
        data = data[size:]
    return found


class Answer:
    def __init__(self, data):
        head = struct.unpack(">IIIII", data[:20])
        assert head[0] >> 24 == 1 and head[0] & 0xFFFFFF == len(data)
        self.flags, self.command, self.application = head[1] >> 24, head[1] & 0xFFFFFF, head[2]
        self.hop, self.end, self.avps = head[3], head[4], decode(data[20:])

    def __getitem__(self, name):
        return dict(self.avps).get(name)

    @property
    def code(self):
        return self["Result-Code"]

    def services(self):
        """One dictionary for each MSCC."""
        return [dict(value) for name, value in self.avps if name == "MSCC"]


class Client:
    """A peer; keeps what went over the wire, as (to the server, bytes)."""

    def __init__(self, port, host="pgw.example.org", realm="example.org", to_realm="example.org", sctp=False,
                 reads=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, SCTP if sctp else 0)
        self.socket.settimeout(30)
        if reads is not None:  # so much at once
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, reads)
        self.socket.connect(("127.0.0.1", port))
        self.host, self.realm, self.to_realm, self.hop, self.wire, self.rest = host, realm, to_realm, 100, [], b""

    def send(self, data):
        self.wire.append((True, data))
        self.socket.sendall(data)

    def receive(self):
        """The next message, or None at the end."""
        while len(self.rest) < 4 or len(self.rest) < struct.unpack(">I", self.rest[:4])[0] & 0xFFFFFF:
            more = self.socket.recv(65536)
            if not more:
                return None
            self.rest += more
        length = struct.unpack(">I", self.rest[:4])[0] & 0xFFFFFF
        data, self.rest = self.rest[:length], self.rest[length:]
        self.wire.append((False, data))
        answer = Answer(data)
        if answer.command == DWR and answer.flags & 0x80:  # it watches us, too
            self.send(message(DWR, [("Result-Code", 2001), *self.origin()], application=0, flags=0, hop=answer.hop,
                              end=answer.end))
            return self.receive()
        return answer

    def ask(self, data):
        self.send(data)
        return self.receive()

    def next_ids(self):
        self.hop += 1
        return {"hop": self.hop, "end": self.hop + 0x10000}

    def origin(self):
        return [("Origin-Host", self.host), ("Origin-Realm", self.realm)]

    def capabilities(self, application=4, *more):
        return self.ask(message(CER, [*self.origin(), ("Host-IP-Address", b"\0\1\x7f\0\0\1"), ("Vendor-Id", 0),
                                      ("Product-Name", "wire test"), ("Auth-Application-Id", application), *more],
                                application=0, flags=0x80, **self.next_ids()))

    def base(self, command, *avps):
        return self.ask(message(command, [*self.origin(), *avps], application=0, flags=0x80, **self.next_ids()))

    def credit(self, session, kind, number, *avps, e164=None, flags=0xC0, context="32251@3gpp.org", **ids):
        who = [("Subscription-Id", [("Subscription-Id-Type", 0), ("Subscription-Id-Data", e164)])] if e164 else []
        return message(CCR, [("Session-Id", session), *self.origin(), ("Destination-Realm", self.to_realm),
                             ("Auth-Application-Id", 4), ("Service-Context-Id", context), ("CC-Request-Type", kind),
                             ("CC-Request-Number", number), *who, *avps], flags=flags, **(ids or self.next_ids()))

    def charge(self, *arguments, **more):
        return self.ask(self.credit(*arguments, **more))


def write_pcap(path, wire, port=3868):
    """What went over the wire as a capture that tshark reads: a TCP connection over IPv4."""
    def packet(to_server, payload, sequence, acknowledged):
        ports = (40000, port) if to_server else (port, 40000)
        tcp = struct.pack(">HHIIBBHHH", *ports, sequence, acknowledged, 0x50, 0x18, 65535, 0, 0)
        addresses = (b"\x7f\0\0\1", b"\x7f\0\0\2") if to_server else (b"\x7f\0\0\2", b"\x7f\0\0\1")
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0) + b"".join(addresses)
        return ip + tcp + payload
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))  # raw IP
        sequences = {True: 1, False: 1}
        for number, (to_server, data) in enumerate(wire):
            for at in range(0, len(data), 1400):
                part = data[at:at + 1400]
                frame = packet(to_server, part, sequences[to_server], sequences[not to_server])
                sequences[to_server] += len(part)
                out.write(struct.pack("<IIII", number, 0, len(frame), len(frame)) + frame)
