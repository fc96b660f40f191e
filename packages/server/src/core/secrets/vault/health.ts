/** How Vault is, from `sys/health`: its status code says it (API documents: 200, 429, 472, 473, 501, 503, 530). */
import { isProblem } from "@holdfast/kit";
import type { SecretsStatus } from "@holdfast/contract";
import { z } from "zod";
import type { Transport } from "./transport.ts";

export type VaultState = NonNullable<SecretsStatus["vault"]>["state"];

export interface VaultHealth {
  state: VaultState;
  version?: string;
  problem?: string;
}

const states: Record<number, VaultState> = {
  200: "active",
  429: "standby",
  472: "dr_secondary",
  473: "performance_standby",
  474: "standby",
  501: "uninitialized",
  503: "sealed",
  530: "removed",
};
const shape = z.object({ version: z.string().optional() }).catch({});

export async function healthOf(transport: Transport): Promise<VaultHealth> {
  try {
    const { status, body } = await transport.send({ method: "GET", path: "sys/health", headers: { "x-vault-request": "true" } });
    const { version } = shape.parse(body);
    return { state: states[status] ?? "unreachable", ...(version === undefined ? {} : { version }) };
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    return { state: "unreachable", problem: thrown.message };
  }
}
