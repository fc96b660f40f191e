/** Data as JSON that keeps Python's types apart; lab/jinja-oracle.py reads it. */
import { Float, type TemplateData } from "../../src/domains/devices/templates/index.ts";

export function toWire(data: TemplateData): unknown {
  if (data instanceof Float) return { $float: String(data.value) };
  if (typeof data === "bigint") return { $integer: String(data) };
  if (typeof data === "number") return Number.isSafeInteger(data) ? data : { $float: String(data) };
  if (data === null || typeof data !== "object") return data;
  if (Array.isArray(data)) return data.map(toWire);
  const entries = data instanceof Map ? [...data.entries()] : Object.entries(data as Record<string, TemplateData>);
  return { $map: entries.map(([key, value]) => [toWire(key), toWire(value)]) };
}
