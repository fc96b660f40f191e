/**
 * Asks many devices which host key they show. A few at a time, each for so long and all together for so long, because somebody waits for the
 * answer: what was not asked in time is told, and can be asked again. Bastions come before what is reached through them.
 */
import { isProblem } from "@holdfast/kit";
import { unlessGivenUp } from "./drivers/socket.ts";

export interface Shown {
  name: string;
  bastion?: string | undefined;
}

export interface TrustLimits {
  /** Devices that are asked at one time. */
  atOnce: number;
  eachMs: number;
  allMs: number;
}

export const trustLimits: TrustLimits = { atOnce: 20, eachMs: 10_000, allMs: 60_000 };

export interface TrustShown {
  /** Asks one device, and does with its key what is to be done; gives up when the signal aborts. */
  trust(name: string, signal: AbortSignal): Promise<void>;
  /** Called with each that could not be asked, and why. */
  failed(name: string, say: string): void;
  limits?: TrustLimits;
}

export async function trustShown(devices: readonly Shown[], { trust, failed, limits = trustLimits }: TrustShown): Promise<void> {
  const over = AbortSignal.timeout(limits.allMs);
  const one = async ({ name }: Shown): Promise<void> => {
    if (over.aborted) return failed(name, `It was not asked: the ${limits.allMs / 1000} s for all were over. Ask again.`);
    const signal = AbortSignal.any([over, AbortSignal.timeout(limits.eachMs)]);
    try {
      await unlessGivenUp(trust(name, signal), name, signal);
    } catch (thrown) {
      if (!isProblem(thrown)) throw thrown;
      failed(
        name,
        signal.aborted ? `It did not show its key within ${(over.aborted ? limits.allMs : limits.eachMs) / 1000} s.` : thrown.message,
      );
    }
  };
  for (const level of levelsOf(devices)) {
    const left = level.values();
    const next = async (): Promise<void> => {
      for (const device of left) await one(device);
    };
    await Promise.all(Array.from({ length: limits.atOnce }, next));
  }
}

/** Those that are reached directly, or through what is not asked; then those through them, and so on. */
function levelsOf(devices: readonly Shown[]): Shown[][] {
  const byName = new Map(devices.map((device) => [device.name, device]));
  const depthOf = ({ bastion }: Shown, seen = 0): number => {
    const through = bastion === undefined || seen > devices.length ? undefined : byName.get(bastion);
    return through === undefined ? 0 : 1 + depthOf(through, seen + 1);
  };
  const levels: Shown[][] = [];
  for (const device of devices) (levels[depthOf(device)] ??= []).push(device);
  return levels.filter((level) => level !== undefined);
}
