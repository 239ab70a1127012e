"""A client of Nchf that asks as free5GC's SMF does, for tests."""
import time

from charging_test import expect
from http2 import Client

IMSI, NUMBER = "248010000000001", "37255500001"
DATA = "/nchf-convergedcharging/v3/chargingdata"
MB = 1_000_000


class Smf:
    """Asks as free5GC's SMF does: the sequence is always 0, and a volume of zero is left out."""
    clock = 0

    def __init__(self, port):
        self.client = Client(port)

    def body(self, *usages, **more):
        Smf.clock += 1
        plmn, clock = {"mcc": "248", "mnc": "01"}, time.strftime("%H:%M:%S", time.gmtime(Smf.clock))
        body = {"nfConsumerIdentification": {"nodeFunctionality": "SMF", "nFName": "SMF", "nFPLMNID": plmn},
                "invocationTimeStamp": f"2026-06-01T{clock}.123456789+03:00",
                "invocationSequenceNumber": 0, "subscriberIdentifier": f"imsi-{IMSI}",
                "pDUSessionChargingInformation": {
                    "chargingId": 1, "userInformation": {"servedGPSI": f"msisdn-{NUMBER}"},
                    "pduSessionInformation": {"pduSessionID": 10, "dnnId": "internet",
                                              "networkSlicingInfo": {"sNSSAI": {"sst": 1, "sd": "010203"}},
                                              "servingCNPlmnId": plmn}},
                **more}
        if usages:
            body["multipleUnitUsage"] = list(usages)
        return body

    def create(self, *usages, **more):
        status, told, headers = self.client.ask(DATA, self.body(*usages, **more))
        expect("created", status, 201)
        return headers["location"].rsplit("/", 1)[1], told

    def update(self, session, *usages, **more):
        return self.client.ask(f"{DATA}/{session}/update", self.body(*usages, **more))[:2]

    def release(self, session, *usages, **more):
        return self.client.ask(f"{DATA}/{session}/release", self.body(*usages, **more))[:2]


def usage(group=1, asks=None, *used, upf="upf-1"):
    """asks and each of `used`: octets, or the units themselves."""
    def units(what):
        return {"totalVolume": what, "uplinkVolume": what} if isinstance(what, int) else what
    made = {"ratingGroup": group, "uPFID": upf}
    if asks is not None:
        made["requestedUnit"] = {**units(asks), "downlinkVolume": asks} if isinstance(asks, int) else asks
    if used:
        trigger = {"triggerType": "VOLUME_LIMIT", "triggerCategory": "IMMEDIATE_REPORT"}
        made["usedUnitContainer"] = [{"quotaManagementIndicator": "ONLINE_CHARGING", "localSequenceNumber": 0,
                                      "triggers": [trigger], **units(one)} for one in used]
    return made


def unit(told, at=0):
    return told["multipleUnitInformation"][at]


def granted(told, at=0):
    return unit(told, at).get("grantedUnit", {}).get("totalVolume")
