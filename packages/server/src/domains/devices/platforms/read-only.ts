/** What may be run outside of a rollout: commands that read. Pure; what is not known to be harmless is refused. */
import { DeviceError } from "../drivers/error.ts";

const reads = /^(?:show|ping|traceroute|dir|more|verify)(?: |$)/i;
/** Filters of IOS that write the output to a file. */
const writes = /\|\s*(?:redirect|tee|append|save)\b|>/i;

/** The command itself. @throws DeviceError `command_not_allowed` */
export function readOnly(command: string): string {
  if (reads.test(command) && !writes.test(command)) return command;
  throw new DeviceError("command_not_allowed", {
    say: "Only commands that read are run outside of a rollout: show, ping, traceroute, dir, more, verify, without writing to a file.",
    command,
  });
}
