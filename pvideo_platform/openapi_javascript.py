"""A client in JavaScript, written from the API's description: one module, nothing to install.

It runs in Node 18 or later and in browsers; JSDoc gives editors and `tsc --checkJs` every type.
"""

import json
import re
from typing import Any

from pvideo_platform.openapi_examples import resolved

_HEAD = """// The PVideo API's client, generated from its OpenAPI description. No dependencies.
//
//   import { Client } from "./client.mjs";
//   const client = new Client({ key: process.env.PVIDEO_API_KEY });
//   const request = { model: "p-video", input: { prompt: "A cat" } };
//   const generation = await client.createGeneration(request);

/** An answer of 400 or above. `problem` is the API's own document; `code` is stable. */
export class ApiError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.name = "ApiError";
    this.problem = problem;
    this.code = problem.code;
    this.status = problem.status;
  }
}

export class Client {
  #key;
  #baseUrl;

  /** @param {{ key: string, baseUrl?: string }} options */
  constructor({ key, baseUrl = %s }) {
    this.#key = key;
    this.#baseUrl = baseUrl;
  }

  async #call(method, path, { query = {}, body, form, idempotencyKey } = {}) {
    const url = new URL(this.#baseUrl + path);
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined || value === null) continue;
      if (Array.isArray(value)) url.searchParams.set(name, value.join(","));
      else if (typeof value === "object")
        for (const [key, text] of Object.entries(value))
          url.searchParams.set(`${name}[${key}]`, text);
      else url.searchParams.set(name, String(value));
    }
    const headers = { Authorization: `Bearer ${this.#key}`, Accept: "application/json" };
    if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const sent = form ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(url, { method, headers, body: sent, redirect: "manual" });
    if (response.status >= 400) throw new ApiError(await response.json());
    if (response.status >= 300) return response.headers.get("Location");
    return response.status === 204 ? undefined : response.json();
  }
"""


def written(document: dict[str, Any]) -> str:
    """The module's text."""
    parts = [_HEAD % json.dumps(document["servers"][0]["url"])]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(_method(document, path, method.upper(), operation))
    parts.append("}\n")
    parts += [_type(name, schema) for name, schema in document["components"]["schemas"].items()]
    return "\n".join(parts)


def _method(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = [resolved(one, document) for one in operation.get("parameters", ())]
    in_path = [one["name"] for one in parameters if one["in"] == "path"]
    query = [one for one in parameters if one["in"] == "query"]
    takes_key = any(one["name"] == "Idempotency-Key" for one in parameters)
    content = operation.get("requestBody", {}).get("content", {})
    docs, names, passed = [operation["summary"] + "."], [], []
    for name in in_path:
        names.append(_camel(name))
        docs.append(f"@param {{string}} {_camel(name)}")
    if "multipart/form-data" in content:
        names.append("file")
        docs.append("@param {Blob} file")
        passed.append("form")
    elif content:
        names.append("body")
        docs.append(f"@param {{{_name(content['application/json']['schema'])}}} body")
        passed.append("body")
    if query:
        members = ", ".join(f"{one['name']}?: {_name(one['schema'])}" for one in query)
        names.append("query = {}")
        docs.append(f"@param {{{{ {members} }}}} [query]")
        passed.append("query")
    if takes_key:
        names.append("{ idempotencyKey } = {}")
        docs.append("@param {{ idempotencyKey?: string }} [options]")
        passed.append("idempotencyKey")
    docs.append(f"@returns {{Promise<{_answer(operation)}>}}")
    address = re.sub(r"{(\w+)}", lambda found: f"${{encodeURIComponent({_camel(found[1])})}}", path)
    form = "    const form = new FormData();\n    form.append('file', file);\n"
    comment = "\n".join(f"   * {line}" for line in docs)
    return (
        f"  /**\n{comment}\n   */\n"
        f"  {_camel(operation['operationId'])}({', '.join(names)}) {{\n"
        f"{form if 'form' in passed else ''}"
        f'    return this.#call("{method}", `{address}`, {{ {", ".join(passed)} }});\n  }}\n'
    )


def _answer(operation: dict[str, Any]) -> str:
    status, answer = next(
        (status, one) for status, one in operation["responses"].items() if status < "400"
    )
    media = answer.get("content", {}).get("application/json")
    if media:
        return _name(media["schema"])
    return "string" if status.startswith("3") else "void"


def _type(name: str, schema: dict[str, Any]) -> str:
    if schema.get("type") != "object" or not schema.get("properties"):
        return f"/** @typedef {{{_name(schema)}}} {name} */"
    required = schema.get("required", [])
    lines = [f"/**\n * {_line(schema)}\n * @typedef {{object}} {name}"]
    for member, below in schema["properties"].items():
        shown = member if member in required else f"[{member}]"
        lines.append(f" * @property {{{_name(below)}}} {shown} {_line(below)}".rstrip())
    return "\n".join(lines) + "\n */"


def _line(schema: dict[str, Any]) -> str:
    return str(schema.get("description", "")).replace("\n", " ").replace("*/", "* /")


def _name(schema: dict[str, Any]) -> str:
    """A schema as a type of TypeScript."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "oneOf" in schema:
        return " | ".join(_name(one) for one in schema["oneOf"])
    kind = schema.get("type", "any")
    kinds = [kind] if isinstance(kind, str) else kind
    return " | ".join(_plain(one, schema) for one in kinds)


def _plain(kind: str, schema: dict[str, Any]) -> str:
    match kind:
        case "array":
            return f"Array<{_name(schema.get('items', {}))}>"
        case "object":
            return "Record<string, any>"
        case "integer":
            return "number"
    return kind


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)
