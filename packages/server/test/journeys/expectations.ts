/** What the journeys look at again and again: the device itself, and the rollout's own account of it. */
import type { Rollout, RolloutTarget } from "@holdfast/contract";
import { isProblem, type Problem } from "@holdfast/kit";
import { expect } from "vitest";
import type { SimulatedDevice } from "#world/device";

/** Everything about a device that a change could leave half done. */
export interface Photo {
  running: string;
  startup: string;
  armed: SimulatedDevice["armed"];
}

export function photo(device: SimulatedDevice): Photo {
  return { running: device.running(), startup: device.startup(), armed: device.armed };
}

/** Calls once at the first journal point that begins so. */
export function onceAt(atPoint: Set<(point: string) => void>, begins: string, act: () => void): void {
  const tell = (point: string): void => {
    if (!point.startsWith(begins)) return;
    atPoint.delete(tell);
    act();
  };
  atPoint.add(tell);
}

/** Everybody who was signed in is out; the next session is a new one. */
export async function cutOff(device: SimulatedDevice): Promise<void> {
  await device.stop();
  await device.start();
}

export function targetOf(rollout: Rollout, name: string): RolloutTarget {
  const found = rollout.targets.find((target) => target.targetName === name);
  if (!found) throw new Error(`the rollout has no target ${name}`);
  return found;
}

/** The problem that a call ends with. */
export async function problemOf(call: Promise<unknown>): Promise<Problem> {
  try {
    await call;
  } catch (thrown) {
    if (isProblem(thrown)) return thrown;
    throw thrown;
  }
  throw new Error("the call was expected to be refused");
}

/** It is as it was, nothing waits for a confirmation, and the rollout says so. */
export function expectBack(rollout: Rollout, device: SimulatedDevice, before: Photo): void {
  expect(rollout).toMatchObject({ state: "reverted" });
  expect(targetOf(rollout, device.name).side).toBe("old");
  expect(photo(device)).toEqual(before);
}
