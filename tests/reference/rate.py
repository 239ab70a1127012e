#!/usr/bin/env python3
"""A slow, independent rating: reads a case (JSON) and prints what every counter comes to.

It shares no code and no method with src/rating: there are no counters that move, only sums over all records at the
end; prices are summed unit band by unit band as fractions; days are walked one by one.

    rate.py CASE.json

prints one line per suspended record, "record N REASON", and one per segment:
kind owner component item window start version payer quantity sessions exact atoms shares
"""
import datetime
import json
import sys
import zoneinfo
from collections import defaultdict
from fractions import Fraction

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)
DAY_ZERO = datetime.date(1970, 1, 1).toordinal()
SUBSCRIPTION, GROUP, ACCOUNT = 1, 2, 3


class Case:
    def __init__(self, text):
        data = json.loads(text)
        self.zone = zoneinfo.ZoneInfo(data["zone"])
        self.scale = 10 ** data["atom_digits"]
        self.versions = sorted(data["versions"], key=lambda v: (v["valid_from"], v["number"]))
        self.accounts = {a["id"]: a for a in data["accounts"]}
        self.groups = {g["id"]: g for g in data["groups"]}
        self.subscriptions = {s["id"]: s for s in data["subscriptions"]}
        self.records = data["records"]

    # The calendar.
    def day_of(self, micros):
        local = (EPOCH + micros * MICROSECOND).astimezone(self.zone)
        return local.date().toordinal() - DAY_ZERO

    def start_of(self, day):
        date = datetime.date.fromordinal(day + DAY_ZERO)
        midnight = datetime.datetime(date.year, date.month, date.day, tzinfo=self.zone)
        return (midnight - EPOCH) // MICROSECOND

    @staticmethod
    def window_of(day, bill_day):
        """Walks to the neighbouring days on which a cycle starts."""
        def starts(d):
            date = datetime.date.fromordinal(d + DAY_ZERO)
            tomorrow = datetime.date.fromordinal(d + DAY_ZERO + 1)
            last_of_month = tomorrow.month != date.month
            return date.day == bill_day or (last_of_month and date.day < bill_day)
        first = day
        while not starts(first):
            first -= 1
        end = day + 1
        while not starts(end):
            end += 1
        return first, end

    def offset(self, micros):
        return (EPOCH + micros * MICROSECOND).astimezone(self.zone).utcoffset()

    def hour_or_day(self, window, micros):
        """When the local hour or day began; an hour also begins where the clock is put back or forward."""
        if window == "day":
            return self.start_of(self.day_of(micros))
        local = (EPOCH + micros * MICROSECOND).astimezone(self.zone)
        start = micros - (local.second * 1_000_000 + local.microsecond)
        for _ in range(local.minute):
            if self.offset(start - 60_000_000) != self.offset(micros):
                break
            start -= 60_000_000
        return start

    # Who pays, who has what.
    @staticmethod
    def latest(steps, day, absent):
        value = absent
        for start, new in sorted(steps, key=lambda s: s[0]):
            if start <= day:
                value = new
        return value

    def payer(self, account, day):
        while account:
            if self.latest(self.accounts[account]["pays"], day, False):
                return account
            account = self.accounts[account]["parent"]
        return 0

    def top(self, account):
        while self.accounts[account]["parent"]:
            account = self.accounts[account]["parent"]
        return account

    def has_plan(self, subscription, day):
        return (self.latest(subscription["plans"], day, 0) == 1
                and self.latest(subscription["quantities"], day, 1) > 0)

    # The catalog.
    def version_at(self, micros):
        found = None
        for version in self.versions:
            if version["valid_from"] <= micros:
                found = version
        return found

    def numbered(self, number):
        return next(v for v in self.versions if v["number"] == number)

    @staticmethod
    def applying(version, network):
        country = network // 10000 * 10000
        best, best_rank, added = None, 0, []
        for charge in version["charges"]:
            networks = charge["when"]
            if network and network in networks:
                rank = 3
            elif network and country in networks:
                rank = 2
            elif not networks:
                rank = 1
            else:
                continue
            if charge["adds"]:
                added.append(charge)
            elif rank > best_rank:
                best, best_rank = charge, rank
        return [best] + added if best else []

    @staticmethod
    def row_of(charge, record):
        valid = [r for r in charge["rows"] if r["from"] <= record["start"] < r["until"]]
        if charge["by"] == "prefix":
            matching = [r for r in valid if record["called"].startswith(r["prefix"])]
            return max(matching, key=lambda r: len(r["prefix"]), default=None), "no_prefix"
        network = record["network"]
        for key in (network, network // 10000 * 10000):
            for row in valid:
                if network and row["key"] == key:
                    return row, ""
        return None, "no_price"

    def pool(self, charge, subscription):
        own = (SUBSCRIPTION, subscription["id"], subscription["account"])
        if not charge["allowance"]:
            return own
        shared_by = charge["allowance"]["shared_by"]
        if shared_by == "group" and subscription["group"]:
            return GROUP, subscription["group"], self.groups[subscription["group"]]["account"]
        if shared_by == "account":
            return ACCOUNT, subscription["account"], subscription["account"]
        if shared_by == "enterprise":
            top = self.top(subscription["account"])
            return ACCOUNT, top, top
        return own

    def members(self, kind, owner, shared_by):
        for subscription in self.subscriptions.values():
            account = subscription["account"]
            if kind == SUBSCRIPTION and subscription["id"] == owner:
                yield subscription
            elif kind == GROUP and subscription["group"] == owner:
                yield subscription
            elif kind == ACCOUNT:
                if (self.top(account) if shared_by == "enterprise" else account) == owner:
                    yield subscription

    def included(self, charge, kind, owner, first, end):
        allowance = charge["allowance"]
        if not allowance:
            return 0
        if allowance["per_pool"]:
            return allowance["quantity"]
        total = 0
        for member in self.members(kind, owner, allowance["shared_by"]):
            active = [day for day in range(first, end) if self.has_plan(member, day)]
            if active:
                total += allowance["quantity"] * (end - active[0]) // (end - first)
        return total


def billable(raw, first, step):
    if raw <= 0:
        return 0
    billed = first
    if raw > first:
        billed += -(-(raw - first) // step) * step
    return billed


def price(of):
    if of["percent"]:  # of money, which is counted in millionths
        return Fraction(of["percent"]) / 100 / 1_000_000
    return Fraction(of["amount"]) / of["per"]


def banded_price(charge, paid):
    if charge["mode"] == "volume":
        for band in charge["bands"]:
            if paid <= band["to"]:
                return paid * price(band)
    result, start = Fraction(0), 0
    for band in charge["bands"]:
        inside = max(0, min(paid, band["to"]) - start)
        result += inside * price(band)
        start = band["to"]
    return result


def usage_price(charge, row, total, free):
    """The whole price of a total, from nothing."""
    if row:
        return max(0, total - free) * price(row)
    counted = -(-total // charge["step"]) * charge["step"]
    paid = -(-max(0, counted - free) // charge["block"]) * charge["block"]
    result = banded_price(charge, paid)
    return min(result, Fraction(charge["cap"])) if charge["cap"] else result


def lanes(case, record):
    """Where a record goes: a list of (segment key, sort of thing counted), or the reason why nowhere."""
    subscription = case.subscriptions[record["subscription"]]
    version = case.version_at(record["start"])
    day = case.day_of(record["start"])
    if not case.has_plan(subscription, day):
        return "no_plan"
    if not version:
        return "no_catalog"
    charges = case.applying(version, record["network"])
    if not charges:
        return "no_price"
    found, reason = [], ""
    for charge in charges:
        kind, owner, account = case.pool(charge, subscription)
        payer = case.payer(account, day)
        if not payer:
            return reason or "no_payer"
        first, end = case.window_of(day, case.accounts[payer]["bill_day"])
        start = max(case.start_of(first), version["valid_from"])
        changed = day
        while changed > first and case.payer(account, changed - 1) == payer:
            changed -= 1
        start = max(start, case.start_of(changed))
        row = None
        if charge["by"] != "bands":
            row, why = case.row_of(charge, record)
            if not row:
                # A price list is looked up with the charges, a prefix after all of them.
                if charge["by"] == "network":
                    return why
                reason = reason or why
                continue
            start = max(start, row["from"])
        item = row["key"] if row else 0
        if charge["window"] != "cycle":
            began = case.hour_or_day(charge["window"], record["start"])
            item = charge["window"] + str(began)
            start = max(start, began)
        counter = (kind, owner, charge["id"], item, first)
        found.append((counter, end, (start, version["number"], payer), charge, row, day))
    return reason or found


def main():
    case = Case(open(sys.argv[1]).read())
    quantity, sessions, ends, days, prices = defaultdict(int), defaultdict(int), {}, {}, {}
    segments = defaultdict(set)
    for number, record in enumerate(case.records):
        where = lanes(case, record)
        if isinstance(where, str):
            print("record", number, where)
            continue
        for counter, end, segment, charge, row, day in where:
            steps = row if row and charge["by"] == "prefix" else charge
            fee = (row and row["fee"]) or charge["fee"]
            segments[counter].add(segment)
            ends[counter] = max(end, ends.get(counter, end))
            days[counter] = day
            prices[counter, segment] = (charge, row, Fraction(fee or 0))
            quantity[counter, segment] += billable(record["quantity"], steps["first"], steps["next"])
            if record["quantity"] > 0 and Fraction(fee or 0):
                sessions[counter, segment] += 1
    for counter in segments:
        total = 0
        for segment in sorted(segments[counter]):
            charge, row, fee = prices[counter, segment]
            lives = (counter[4], ends[counter])
            if charge["window"] != "cycle":
                lives = (days[counter], days[counter] + 1)
            free = case.included(charge, counter[0], counter[1], *lives)
            if charge["restarts"]:
                total = 0
            after = total + quantity[counter, segment]
            low = usage_price(charge, row, total, free)
            high = usage_price(charge, row, after, free)
            fees = fee * sessions[counter, segment]

            def posted(part):
                return (round(part * high * case.scale) - round(part * low * case.scale)
                        + round(part * fees * case.scale))

            shares = ",".join(f"{s['partner']}={posted(Fraction(s['percent']) / 100)}" for s in charge["shares"])
            print(*counter, *segment, quantity[counter, segment], sessions[counter, segment],
                  high - low + fees, posted(Fraction(1)), shares or "-")
            total = after


main()
