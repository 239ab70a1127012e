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
        self.named = {a["name"]: a["id"] for a in data["accounts"]}
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
            if charge["of_customer"]:
                continue
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

    def for_customer(self, version, charge, subscription, day):
        """The charge, or the one in its place for this customer on that day: its subscription's, else its
        account's; of several the last."""
        above, account = [], subscription["account"]
        while account:
            above.append(self.accounts[account]["name"])
            account = self.accounts[account]["parent"]
        own, shared = None, None
        for special in charge["for_customers"]:
            if not special["first"] <= day < special["end"]:
                continue
            if special["subscription"] == subscription["name"]:
                own = special["charge"]
            if special["account"] in above:
                shared = special["charge"]
        found = own if own is not None else shared
        return charge if found is None else version["charges"][found]

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

    def active(self, member, first, end):
        return [day for day in range(first, end) if self.has_plan(member, day)]

    def included(self, charge, kind, owner, first, end, today):
        """What the members there are on a day have brought, without what was carried over."""
        allowance = charge["allowance"]
        if not allowance:
            return 0
        if allowance["per_pool"]:
            return allowance["quantity"]
        alone = allowance["shared_by"] == "subscription"
        total = 0
        for member in self.members(kind, owner, allowance["shared_by"]):
            active = self.active(member, first, end)
            if not active:
                continue
            since = first if alone or allowance["join"] == "whole_cycle" else active[0]
            if today < since:
                continue
            days = end - active[0]
            if allowance["leave"] == "prorate":
                # Whoever is there counts as one who stays; before the first day, too.
                days = len([day for day in active if day <= today])
                if today < active[0] or today in active:
                    days += end - max(today + 1, active[0])
            if not allowance["prorated"]:
                total += allowance["quantity"]
            else:
                total += allowance["quantity"] * days // (end - first)
        return total

    def window_at(self, kind, owner, day):
        """The window of a counter's owner on a day; nothing where nobody pays."""
        if kind == SUBSCRIPTION:
            account = self.subscriptions[owner]["account"]
        else:
            account = self.groups[owner]["account"] if kind == GROUP else owner
        payer = self.payer(account, day)
        return self.window_of(day, self.accounts[payer]["bill_day"]) if payer else None


class Books:
    """All that was used, by counter, each record with its time; and what that comes to."""

    def __init__(self, case):
        self.case = case
        self.uses = defaultdict(list)
        self.ends = {}
        self.known = {}

    def add(self, counter, end, segment, record, quantity, capped):
        self.uses[counter].append((record["start"], self.case.day_of(record["start"]), segment,
                                   record["subscription"], quantity, capped))
        self.ends[counter] = max(end, self.ends.get(counter, end))

    def charge(self, version, component):
        return next(c for c in self.case.numbered(version)["charges"] if c["id"] == component)

    def beyond(self, counter, charge):
        """What lies beyond what is included, after each of the counter's segments: by walking its
        records in the order of their time, and the ends of all days between."""
        kind, owner, _, _, first = counter
        end = self.ends[counter]
        allowance = charge["allowance"] or {}
        cap = allowance.get("cap")
        carried = sum(left for _, left in self.carried(counter, charge))
        total = over = highest = 0
        by_member = defaultdict(int)
        uses = sorted(self.uses[counter])
        after = {}
        for day in range(first, end):
            last_day = day + 1 == end
            included = carried + self.case.included(charge, kind, owner, first, end, day)
            for _, _, segment, member, quantity, capped in [
                    use for use in uses if use[1] == day or (last_day and use[1] > day)]:
                total += quantity
                if capped and cap is not None:
                    over -= max(0, by_member[member] - cap)
                    by_member[member] += quantity
                    over += max(0, by_member[member] - cap)
                highest = max(highest, total - over - included)
                after[segment] = over + highest
            highest = max(highest, total - over - included)
            # The days after the last use of a segment are its own, to where the next begins.
            ongoing = [s for s in after if s[0] < self.case.start_of(day + 1)]
            if ongoing:
                after[max(ongoing)] = over + highest
        return after, total

    def carried(self, counter, charge):
        """What earlier windows left: pairs of the day on which it counts no more, and how much."""
        rule = (charge["allowance"] or {}).get("rollover")
        if not rule:
            return []
        if (counter, rule["months"]) not in self.known:
            self.known[counter, rule["months"]] = self.left_to(counter)
        return self.known[counter, rule["months"]]

    def left_to(self, counter):
        kind, owner, component, item, first = counter
        earliest = min(self.case.day_of(r["start"]) for r in self.case.records) - 200
        windows = []
        while first > earliest:
            window = self.case.window_at(kind, owner, first - 1)
            if not window or window[0] >= first:
                break
            first = window[0]
            past = (kind, owner, component, item, first)
            end = self.ends.get(past, window[1])
            if past not in self.ends and not self.case.version_at(self.case.start_of(end) - 1):
                break
            windows.append((past, end))
        left = []
        for past, end in reversed(windows):
            left = self.leave(past, end, left)
        return [one for one in left if one[0] > counter[4]]

    def leave(self, past, end, left):
        kind, owner, component, _, first = past
        uses = self.uses.get(past, [])
        number = (max(use[2] for use in uses)[1] if uses
                  else self.case.version_at(self.case.start_of(end) - 1)["number"])
        charge = self.charge(number, component)
        rule = (charge["allowance"] or {}).get("rollover")
        if not rule:
            return []
        left = [[until, quantity] for until, quantity in left if until > first]
        own = self.case.included(charge, kind, owner, first, end, end - 1)
        used = 0
        if uses:
            self.known[past, rule["months"]] = [tuple(one) for one in left]
            after, total = self.beyond(past, charge)
            used = total - after[max(after)]
        jars = [["own", own]]
        jars = jars + left if rule["current_first"] else left + jars
        for jar in jars:
            taken = min(used, jar[1])
            jar[1] -= taken
            used -= taken
        rest = int(next(jar[1] for jar in jars if jar[0] == "own") * Fraction(rule["percent"]) / 100)
        if rule["cap"] is not None:
            rest = min(rest, rule["cap"])
        window = (first, end)
        for _ in range(rule["months"]):
            following = self.case.window_at(kind, owner, window[1])
            window = following or (window[1], window[1])
            if not following:
                break
        left = [tuple(one) for one in left if one[1]] + ([(window[1], rest)] if rest else [])
        return sorted(left, key=lambda one: one[0])


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


def usage_price(charge, row, beyond):
    """The whole price of what lies beyond what is included, from nothing."""
    if row:
        return beyond * price(row)
    paid = -(-beyond // charge["block"]) * charge["block"]
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
        charge = case.for_customer(version, charge, subscription, day)
        kind, owner, account = case.pool(charge, subscription)
        charged = case.named.get(charge["paid_by"], 0) if charge["paid_by"] else account
        if not charged:
            return "unknown_sponsor"
        payer = case.payer(charged, day)
        if not payer:
            return "no_payer"
        first, end = case.window_of(day, case.accounts[payer]["bill_day"])
        start = max(case.start_of(first), version["valid_from"])
        changed = day
        while changed > first and case.payer(charged, changed - 1) == payer:
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
    books = Books(case)
    quantity, sessions, prices, days = defaultdict(int), defaultdict(int), {}, {}
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
            days[counter] = day
            prices[counter, segment] = (charge, row, Fraction(fee or 0))
            billed = billable(record["quantity"], steps["first"], steps["next"])
            quantity[counter, segment] += billed
            allowance = charge["allowance"] or {}
            kept = allowance.get("members_pay") or allowance.get("cap") is not None
            capped = bool(kept) and counter[0] != SUBSCRIPTION
            books.add(counter, end, segment, record, billed, capped)
            if record["quantity"] > 0 and Fraction(fee or 0):
                sessions[counter, segment] += 1
    for counter in segments:
        total = 0
        for segment in sorted(segments[counter]):
            charge, row, fee = prices[counter, segment]
            if charge["allowance"] and charge["window"] == "cycle":
                after, _ = books.beyond(counter, charge)
                earlier = [s for s in segments[counter] if s < segment]
                ends = after[max(earlier)] if earlier else 0, after[segment]
            else:
                total = 0 if charge["restarts"] else total
                free = case.included(charge, counter[0], counter[1], days[counter], days[counter] + 1,
                                     days[counter])
                totals = total, total + quantity[counter, segment]
                ends = [max(0, -(-t // charge["step"]) * charge["step"] - free) for t in totals]
            total += quantity[counter, segment]
            low, high = (usage_price(charge, row, end) for end in ends)
            fees = fee * sessions[counter, segment]

            def posted(part):
                return (round(part * high * case.scale) - round(part * low * case.scale)
                        + round(part * fees * case.scale))

            shares = ",".join(f"{s['partner']}={posted(Fraction(s['percent']) / 100)}" for s in charge["shares"])
            print(*counter, *segment, quantity[counter, segment], sessions[counter, segment],
                  high - low + fees, posted(Fraction(1)), shares or "-")


main()
