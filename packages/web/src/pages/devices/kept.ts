/** Why a configuration was kept. Pure. */

/** `after rollout rol_1` → `after a rollout`, with its id; anything else as it is. */
export function readReason(reason: string): { text: string; rollout?: string } {
  const match = /^(before|after) rollout (\S+)$/.exec(reason);
  if (match === null) return { text: reason };
  return { text: `${match[1] ?? ""} a rollout`, ...(match[2] !== undefined && { rollout: match[2] }) };
}
