"""Writes the JSON Schemas of this folder anew."""

import gzip
import json
import pathlib

from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

VERSIONS = ["1.5.0", "1.6.0", "1.7.0", "1.8.0"]
PROFILES = {"base_event": ["host"], "web_resources_activity": ["host"]}
CLASSES = [
    "account_change",
    "api_activity",
    "authentication",
    "base_event",
    "detection_finding",
    "entity_management",
    "event_log_actvity",  # OCSF's own spelling
    "group_management",
    "user_access",
    "web_resources_activity",
]

for version in VERSIONS:
    # A fresh one for each class: the schema that it hands out shares parts with the next.
    schemas = {}
    for name in CLASSES:
        schema = get_ocsf_schema(version)
        uid = schema["classes"][name]["uid"]
        schemas[uid] = OcsfJsonSchemaEmbedded(schema).get_class_schema(name, PROFILES.get(name, []))
    text = json.dumps(schemas, sort_keys=True, separators=(",", ":"))
    path = pathlib.Path(__file__).parent / f"{version}.json.gz"
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
