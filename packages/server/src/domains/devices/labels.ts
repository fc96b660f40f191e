/** The labels by which selectors and permissions see a device. Pure; nowhere else are they put together. */
import type { DeviceSpec } from "@holdfast/contract";
import type { Labels } from "@holdfast/kit";

/** What of a device they are made of. */
type Labelled = Pick<DeviceSpec, "name" | "platform" | "labels"> & { site?: string | null | undefined };

/** Those written on it, and its name, platform and site; a label that is written under one of these three keys counts for nothing. */
export function labelsOf({ name, platform, site, labels }: Labelled): Labels {
  const { site: _written, ...own } = labels;
  return { ...own, name, platform, ...(site === null || site === undefined ? {} : { site }) };
}
