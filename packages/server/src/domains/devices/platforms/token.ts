/** Tokens of a dead-man's switch. They are part of a command line on some platforms, so all platforms take the same ones. */
import { DeviceError } from "../drivers/error.ts";

/** Longest token, in characters; the program on FRR hosts (deploy/frr/holdfast-switch) takes no longer one. */
export const longestToken = 64;

const shape = new RegExp(`^[A-Za-z0-9_-]{1,${longestToken}}$`);

/** The token, when it may be one. @throws DeviceError `command_malformed` */
export function checkedToken(token: string): string {
  if (shape.test(token)) return token;
  const say = `A token of a dead-man's switch may hold up to ${longestToken} letters, digits, - and _ only.`;
  throw new DeviceError("command_malformed", { say, command: token });
}
