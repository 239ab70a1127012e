"""What was bought is used up before money, over Diameter, Nchf and RADIUS; where there is no money, that and no more.

    bucket_test.py FARTHING SOURCE_DIR
"""
import os
import subprocess
import sys
import tempfile

import http2
from charging_test import World, expect
from diameter import Client
from diameter_test import INITIAL, MB, TERMINATION, UPDATE, granted, mscc, octets
from radius_test import Front, spent

CATALOG = """\
catalog: wire
valid_from: 2026-01-01
currency: EUR
time_zone: UTC
meters: {data: {unit: byte}}
plans:
  - plan: simple
    charges: [{usage: data, price: 1.00 per MB}]
    packages: [{package: three, on: data, quantity: 3 MB, price: 2.00, valid: 30 days}]
"""
DATA = "/nchf-convergedcharging/v3/chargingdata"
NUMBERS = {"gy": "37255500001", "smf": "37255500002", "nas": "37255500003", "poor": "37255500004"}


class BucketWorld(World):
    def start(self):
        self.server = subprocess.Popen(
            [self.binary, "--home", self.home, "serve", "--listen", "127.0.0.1:0", "--diameter", "127.0.0.1:0",
             "--host", "ocs.example.org", "--nchf", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.diameter_port, self.nchf_port, self.port = (
            int(self.server.stdout.readline().rsplit(":", 1)[1]) for _ in range(3))

    def left(self, owner):
        """What its bucket still holds, in bytes."""
        told = self.ask("GET", f"/v1/accounts/{'bea' if owner == 'poor' else 'anna'}/buckets")[1]["buckets"]
        return next(one["remaining_units"] for one in told if one["owner"] == owner)


def over_diameter(world):
    client = Client(world.diameter_port)
    client.capabilities()
    told = client.charge("s1", INITIAL, 0, mscc(1, octets(2 * MB)), e164=NUMBERS["gy"])
    expect("the bucket covers it", (granted(told), spent(world)), (2 * MB, ("4.00", "0.00")))
    told = client.charge("s1", UPDATE, 1, mscc(1, octets(2 * MB), octets(2 * MB)))
    expect("in part", (granted(told), spent(world), world.left("gy")), (2 * MB, ("4.00", "1.00"), MB))
    client.charge("s1", TERMINATION, 2, mscc(1, None, octets(1_500_000)))
    expect("then money", (spent(world), world.left("gy")), (("3.50", "0.00"), 0))
    told = client.charge("s2", INITIAL, 0, mscc(1, octets(5 * MB)), e164=NUMBERS["poor"])
    expect("without money, what the bucket holds", (granted(told), "Final-Unit-Indication" in told.services()[0]),
           (3 * MB, True))
    client.charge("s2", TERMINATION, 1, mscc(1, None, octets(3 * MB)))
    told = client.charge("s3", INITIAL, 0, mscc(1, octets(MB)), e164=NUMBERS["poor"])
    expect("and no more", (told.services()[0]["Result-Code"], world.left("poor")), (4012, 0))


def over_nchf(world):
    client = http2.Client(world.nchf_port)
    def body(number, **unit):
        return {"nfConsumerIdentification": {"nodeFunctionality": "SMF"}, "invocationSequenceNumber": number,
                "invocationTimeStamp": f"2026-06-01T10:00:0{number}Z",
                "subscriberIdentifier": f"msisdn-{NUMBERS['smf']}",
                "multipleUnitUsage": [{"ratingGroup": 1, **unit}]}
    status, told, headers = client.ask(DATA, body(0, requestedUnit={"totalVolume": 5 * MB}))
    expect("the bucket and money", (status, told["multipleUnitInformation"][0]["grantedUnit"], spent(world)),
           (201, {"totalVolume": 5 * MB}, ("3.50", "2.00")))
    used = [{"localSequenceNumber": 1, "totalVolume": 3 * MB}]
    path = f"{DATA}/{headers['location'].rsplit('/', 1)[1]}/release"
    expect("released", client.ask(path, body(1, usedUnitContainer=used))[0], 204)
    expect("the bucket alone", (spent(world), world.left("smf")), (("3.50", "0.00"), 0))


def over_radius(world, front):
    def account(status, count):
        expect(status, front.account(status, f"Acct-Input-Octets={count}", "Acct-Output-Octets=0",
                                     "Acct-Session-Time=60", user="nas"), "Accounting-Response")
    account("Start", 0)
    expect("the bucket and all money", spent(world), ("3.50", "3.50"))
    account("Interim-Update", 2 * MB)
    expect("the bucket", (spent(world)[0], world.left("nas")), ("3.50", MB))
    account("Stop", 4 * MB)
    expect("then money", (spent(world), world.left("nas")), (("2.50", "0.00"), 0))


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = BucketWorld(os.path.abspath(sys.argv[1]), folder, CATALOG)
        world.run("account", "add", "bea")
        with open(f"{folder}/subscriptions.csv", "w", encoding="utf-8") as out:
            out.write("subscription,account,plan,from,device,msisdn\n")
            out.writelines(f"{name},{'bea' if name == 'poor' else 'anna'},simple,2026-01-01,{name},{number}\n"
                           for name, number in NUMBERS.items())
        world.run("subscription", "import", f"{folder}/subscriptions.csv")
        for account in ("anna", "bea"):
            world.run("balance", "limit", account, "--credit", "0")
        world.run("balance", "topup", "anna", "10.00", "--reference", "p1")
        for owner in ("gy", "smf", "nas"):
            world.run("bucket", "buy", owner, "three", "--reference", owner)
        world.run("bucket", "give", "poor", "three", "--reference", "poor")
        world.start()
        try:
            over_diameter(world)
            over_nchf(world)
            front = Front(folder, sys.argv[2], world)
            try:
                over_radius(world, front)
            finally:
                front.stop()
            told = world.ask("GET", "/v1/accounts/anna/buckets")[1]["buckets"]
            expect("listed", [one["remaining_units"] for one in told], [0, 0, 0])
        finally:
            world.stop()
        world.run("check", "all")
    print("packages are used up before money over Diameter, Nchf and RADIUS")


if __name__ == "__main__":
    main()
