import { readFileSync, writeFileSync } from "node:fs";
import { contract, routesOf } from "@holdfast/contract";
import { describe, expect, test } from "vitest";
import { openApiOf } from "./openapi.ts";

const golden = new URL("../../../contract/openapi.golden.json", import.meta.url);
const document = await openApiOf(contract, "0.0.0");
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

describe("the OpenAPI document", () => {
  test("is the one that was agreed; UPDATE=1 takes a change over", () => {
    const text = `${JSON.stringify(document, null, 2)}\n`;
    if (process.env["UPDATE"] === "1") writeFileSync(golden, text);
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(golden, "utf8")));
  });

  test("is OpenAPI 3.1 and holds every route of the contract", () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(operations.map((operation) => operation.operationId ?? "").toSorted()).toEqual(
      routesOf(contract)
        .map((route) => route.name)
        .toSorted(),
    );
  });

  test("says of every operation what it does, who may call it and how it fails", () => {
    const silent = operations.filter(
      ({ summary, tags, responses, security, "x-permission": permission }) =>
        !summary || tags?.length !== 1 || !permission || !security || responses?.["400"] === undefined || responses["503"] === undefined,
    );
    expect(silent).toEqual([]);
  });

  test("refers only to what it holds", () => {
    const missing: string[] = [];
    JSON.parse(JSON.stringify(document), (key, value: unknown) => {
      if (key !== "$ref" || typeof value !== "string") return value;
      const steps = value.replace("#/", "").split("/");
      let found: unknown = document;
      for (const step of steps) found = (found as Record<string, unknown> | undefined)?.[step];
      if (found === undefined) missing.push(value);
      return value;
    });
    expect(missing).toEqual([]);
  });

  test("says which headers an edit and a retried request carry", () => {
    const headers = (name: string) =>
      operations
        .find((operation) => operation.operationId === name)
        ?.parameters?.filter((one) => one["in"] === "header")
        .map((one) => one["name"]);
    expect(headers("devices.update")).toEqual(["If-Match"]);
    expect(headers("devices.create")).toEqual(["Idempotency-Key"]);
    expect(headers("system.events")).toEqual(["Last-Event-ID"]);
  });
});
