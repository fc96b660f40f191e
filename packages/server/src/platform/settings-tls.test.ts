import { describe, expect, test } from "vitest";
import { loadSettings } from "./settings.ts";

describe("the settings of TLS", () => {
  test("leave it off, unless told", () => {
    expect(loadSettings({})).not.toHaveProperty("tls");
  });

  test("name files from the working directory", () => {
    const given = { HOLDFAST_TLS: "files", HOLDFAST_TLS_CERTIFICATE: "tls/chain.pem", HOLDFAST_TLS_KEY: "/etc/key.pem" };
    expect(loadSettings(given, "/srv").tls).toEqual({
      certificate: { from: "files", chain: "/srv/tls/chain.pem", key: "/etc/key.pem" },
      clients: "off",
    });
  });

  test("name more names for a certificate of our own", () => {
    const given = { HOLDFAST_TLS: "internal", HOLDFAST_TLS_NAMES: "holdfast.lan, 192.0.2.7", HOLDFAST_TLS_CLIENTS: "optional" };
    expect(loadSettings(given).tls).toEqual({
      certificate: { from: "internal", names: ["holdfast.lan", "192.0.2.7"] },
      clients: "optional",
    });
  });

  test.each([
    [{ HOLDFAST_TLS: "files" }, "HOLDFAST_TLS_KEY"],
    [{ HOLDFAST_TLS_KEY: "key.pem" }, "HOLDFAST_TLS_KEY"],
    [{ HOLDFAST_TLS: "files", HOLDFAST_TLS_CERTIFICATE: "a", HOLDFAST_TLS_KEY: "b", HOLDFAST_TLS_NAMES: "x" }, "HOLDFAST_TLS_NAMES"],
    [{ HOLDFAST_TLS_CLIENTS: "required" }, "HOLDFAST_TLS_CLIENTS"],
    [{ HOLDFAST_TLS: "yes" }, "HOLDFAST_TLS"],
  ])("that contradict each other are refused: %j", (given, at) => {
    let places: { at: string }[] = [];
    try {
      loadSettings(given);
    } catch (thrown) {
      places = (thrown as { places: { at: string }[] }).places;
    }
    expect(places).toContainEqual(expect.objectContaining({ at }));
  });
});
