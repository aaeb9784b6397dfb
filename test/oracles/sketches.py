"""Builds and reads sketches with Apache DataSketches' own library for test/sketches.test.ts.

Standard input: a JSON list of jobs {"kind", "values": "int" | "float" | "text", "rows"} (build one over values
0 … rows - 1) or {"kind", "bytes"} (read one, in base64). Standard output: a list of what each sketch answers.
"""

import base64
import json
import sys

import datasketches as ds

RANKS = [0.01, 0.25, 0.5, 0.9, 1.0]


def value(job, i):
    if job["values"] == "int":
        return i
    return i / 8 if job["values"] == "float" else f"v{i}"


def empty(kind):
    if kind == "hll":
        return ds.hll_sketch(12, ds.tgt_hll_type.HLL_8)
    if kind == "theta":
        return ds.update_theta_sketch(12)
    if kind == "cpc":
        return ds.cpc_sketch(11)
    if kind == "kll":
        return ds.kll_doubles_sketch(200)
    if kind == "tdigest":
        return ds.tdigest_double(200)
    return ds.frequent_strings_sketch(10)


def read(kind, data):
    library = {
        "hll": ds.hll_sketch,
        "theta": ds.compact_theta_sketch,
        "cpc": ds.cpc_sketch,
        "kll": ds.kll_doubles_sketch,
        "tdigest": ds.tdigest_double,
        "frequent": ds.frequent_strings_sketch,
    }
    return library[kind].deserialize(data)


def written(kind, sketch):
    if kind == "hll":
        return sketch.serialize_compact()
    if kind == "theta":
        compact = sketch.compact() if hasattr(sketch, "compact") else sketch
        return compact.serialize()
    return sketch.serialize()


def answers(kind, sketch):
    if kind == "frequent":
        rows = sketch.get_frequent_items(ds.frequent_items_error_type.NO_FALSE_NEGATIVES)
        return sorted([list(row) for row in rows], key=lambda row: (-row[1], row[0]))
    if kind == "kll":
        return [] if sketch.is_empty() else [sketch.get_quantile(rank, True) for rank in RANKS]
    if kind == "tdigest":
        return [] if sketch.is_empty() else [sketch.get_quantile(rank) for rank in RANKS]
    bounds = sketch.get_lower_bound(2), sketch.get_upper_bound(2)
    return [sketch.get_estimate(), *bounds]


def work(job):
    kind = job["kind"]
    if "bytes" in job:
        sketch = read(kind, base64.b64decode(job["bytes"]))
    else:
        sketch = empty(kind)
        for i in range(job["rows"]):
            sketch.update(value(job, i))
    return {"answers": answers(kind, sketch), "bytes": base64.b64encode(written(kind, sketch)).decode()}


json.dump([work(job) for job in json.load(sys.stdin)], sys.stdout)
