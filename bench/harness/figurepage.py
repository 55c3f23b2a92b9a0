"""The page of what plugins ask of the gateway."""

from harness import hosting, readings as reading, tables


def markdown(run):
    """The page."""
    return tables.page("What plugins ask of the gateway", run, [
        ("Calls of a plugin to its host", _calls(run)), ("Events", _events(run)),
        ("Requests beside events", _requests(run))])


def _calls(run):
    body = []
    for callers in run.callers:
        for call in hosting.CALLS:
            name, base = f"{call.name}-{callers}", f"host-info-{callers}"
            rate = reading.spread(run.readings, "calls", name, "rate")
            if rate is None:
                continue
            body.append([call.title, str(callers), tables.with_spread(rate, ",.0f"),
                         tables.ratio(reading.ratio(run.readings, "calls", name, base, "rate")),
                         *(f"{reading.spread(run.readings, 'calls', name, value).median:,.0f}"
                           for value in ("p50", "p99")), tables.errors(run, "calls", name)])
    if not body:
        return []
    return [*tables.table(["call", "at once", "calls/s", "× host information", "p50 µs", "p99 µs", "errors"], body),
            *_comparisons(run)]


def _comparisons(run):
    """What is to be compared with what."""
    lines = []
    for text, name, base in (("a cached lookup as a multiple of one that is not", "lookup-cached", "lookup-uncached"),
                             ("a lookup that is not cached as a multiple of the same asked directly", "lookup-uncached",
                              "http"),
                             ("a token in process as a multiple of one in Redis", "tokens-local", "tokens-redis"),
                             ("a token in Redis as a multiple of asking Redis directly", "tokens-redis", "redis")):
        found = [(callers, reading.ratio(run.readings, "calls", f"{name}-{callers}", f"{base}-{callers}", "rate"))
                 for callers in run.callers]
        shown = ", ".join(f"{callers} at once {tables.ratio(ratio)}" for callers, ratio in found if ratio)
        if shown:
            lines.append(f"- {text}, in calls/s: {shown}")
    return ["", *lines] if lines else []


def _events(run):
    body = []
    for stream in hosting.STREAMS:
        found = {value: reading.spread(run.readings, "events", stream.name, value)
                 for value in ("emitted", "received", "lost", "batch", "cpu")}
        if found["emitted"]:
            body.append([stream.title, tables.with_spread(found["emitted"], ",.0f"), tables.with_spread(found["received"], ",.0f"),
                         f"{found['lost'].median:.1%}", f"{found['batch'].median:.0f}", f"{found['cpu'].median:.1f}"])
    return tables.table(["as fast as they may", "published/s", "received/s", "lost", "events a batch",
                         "gateway's CPU µs/event"], body) if body else []


def _requests(run):
    body = []
    for condition in hosting.CONDITIONS:
        def spread(value, name=condition.name):
            return reading.spread(run.readings, "requests", name, value)
        if not spread("rate"):
            continue
        before, after, cpu, asleep, told, healthy = (
            spread(value) for value in ("before", "after", "cpu", "lost asleep", "stopped lost", "healthy lost"))
        body.append([condition.title, f"{spread('emitted').median:,.0f}", f"{spread('rate').median:,.0f}",
                     _milliseconds(spread("p50")), _to_healthy(run, condition, "p50"), _milliseconds(spread("p99")),
                     _to_healthy(run, condition, "p99"), f"{cpu.median:.2f}",
                     f"{before.median:.0f} → {after.median:.0f}", f"{healthy.median:,.0f}" if healthy else "–",
                     f"{asleep.median:,.0f}" if condition.stopped else "–", f"{told.median:,.0f}" if told else "–",
                     tables.errors(run, "requests", condition.name)])
    return tables.table(["beside requests", "events/s", "req/s", "p50 ms", "× healthy", "p99 ms", "× healthy",
                         "processors used", "RSS MB", "healthy one lost", "stopped one lost", "told on waking", "errors"],
                        body) if body else []


def _to_healthy(run, condition, value):
    return tables.ratio(reading.ratio(run.readings, "requests", condition.name, "healthy", value))


def _milliseconds(spread):
    return f"{spread.median / 1000:.2f} ({spread.least / 1000:.2f}–{spread.most / 1000:.2f})"
