"""The page of what the SDKs cost."""

from harness import asking, readings as reading, tables

# With what everybody is compared.
BASE = "go"

# Less than this share of the first round's processor time in the last one: it was still warming up.
_STEADY = 0.85


def markdown(run, contenders):
    """The page. Contenders are titles by name, in order."""
    return tables.page("What an SDK costs", run, [
        ("In short", _summary(run, contenders)), ("Start and memory", _starts(run, contenders)), ("Calls", _calls(run, contenders)),
        ("Still warming up", _unsteady(run))])


def _summary(run, contenders):
    """Medians, one line for each contender, at the most calls at once."""
    at_once, body = max(run.callers), []
    for name, title in contenders.items():
        def median(table, value, kind="", contender=name):
            found = reading.spread(run.readings, table, contender + (f"-{kind}-{at_once}" if kind else ""), value)
            return f"{found.median:,.0f}" if found else "–"
        cells = [median("start", "ready"), median("start", "resident"), median("memory", "loaded"),
                 *(median("calls", value, kind) for kind in asking.KINDS for value in ("rate", "cpu"))]
        if any(cell != "–" for cell in cells):
            body.append([title, *cells])
    return tables.table(["plugin made with", "READY ms", "RSS MB then", "RSS MB under load", f"unary calls/s, {at_once} at once",
                         "CPU µs/call", f"stream calls/s, {at_once} at once", "CPU µs/call"], body) if body else []


def _starts(run, contenders):
    body = []
    for name, title in contenders.items():
        def spread(value, table="start", contender=name):
            return reading.spread(run.readings, table, contender, value)
        if not spread("ready"):
            continue
        loaded = spread("loaded", "memory")
        body.append([title, tables.with_spread(spread("handshake"), ",.0f"), f"{spread('initialized').median:,.0f}",
                     tables.with_spread(spread("ready"), ",.0f"), _to_base(run, "start", name, BASE, "ready"),
                     f"{spread('cpu').median:,.0f}", tables.with_spread(spread("resident"), ".0f"),
                     _to_base(run, "start", name, BASE, "resident"),
                     tables.with_spread(loaded, ".0f") if loaded else "–",
                     _to_base(run, "memory", name, BASE, "loaded"), f"{spread('processes').median:.0f}"])
    return tables.table(["plugin made with", "handshake ms", "initialized ms", "READY ms", "× Go SDK", "CPU ms until then",
                         "RSS MB then", "× Go SDK", "RSS MB under load", "× Go SDK", "processes"], body) if body else []


def _calls(run, contenders):
    body = []
    for kind in asking.KINDS:
        for at_once in run.callers:
            for contender, title in contenders.items():
                name, base = f"{contender}-{kind}-{at_once}", f"{BASE}-{kind}-{at_once}"
                rate = reading.spread(run.readings, "calls", name, "rate")
                if rate is None:
                    continue
                cpu = reading.spread(run.readings, "calls", name, "cpu")
                body.append([title, kind, str(at_once), tables.with_spread(rate, ",.0f"),
                             _to_base(run, "calls", name, base, "rate"),
                             *(f"{reading.spread(run.readings, 'calls', name, value).median:,.0f}"
                               for value in ("p50", "p99")), tables.with_spread(cpu, ".0f"),
                             _to_base(run, "calls", name, base, "cpu"), tables.errors(run, "calls", name)])
    return tables.table(["plugin made with", "way", "at once", "calls/s", "× Go SDK", "p50 µs", "p99 µs", "CPU µs/call",
                         "× Go SDK", "errors"], body) if body else []


def _to_base(run, table, name, base, value):
    return tables.ratio(reading.ratio(run.readings, table, name, base, value))


def _unsteady(run):
    """Whose processor time for a call fell from the first to the last round."""
    found = []
    for name in reading.names(run.readings, "calls"):
        cpu = {each.round: each.values["cpu"] for each in run.readings if (each.table, each.name) == ("calls", name)}
        if len(cpu) > 1 and cpu[max(cpu)] < cpu[min(cpu)] * _STEADY:
            found.append(name)
    return ["Take a longer `--warmup`: " + ", ".join(found)] if found else []
