/** Filters for addresses. They are Holdfast's own, after those that network engineers know from Ansible; what is no address is an error here. */
import { bitsOf, hostmask, netmask, parsePrefix, showAddress, type IpPrefix } from "./addresses.ts";
import { fail } from "./fault.ts";
import { asCount } from "./numbers.ts";
import { textArgument, type FilterTable } from "./signature.ts";
import { isInt, type Value } from "./values.ts";

export const networkFilters: FilterTable = {
  ipaddr: { signature: "query?", apply: (input, [query]) => ipaddr(textArgument(input, "an address"), query ?? "") },
  ipmath: {
    signature: "amount",
    apply: (input, [amount]) => ipmath(textArgument(input, "an address"), asCount(amount ?? null, "the amount")),
  },
};

const queries: Record<string, (prefix: IpPrefix) => Value> = {
  "": show,
  address: ({ address, version }) => showAddress(address, version),
  network: (prefix) => showAddress(networkOf(prefix), prefix.version),
  subnet: (prefix) => `${showAddress(networkOf(prefix), prefix.version)}/${String(prefix.length)}`,
  broadcast: ({ address, length, version }) => showAddress(address | hostmask(length, version), version),
  netmask: ({ length, version }) => showAddress(netmask(length, version), version),
  hostmask: ({ length, version }) => showAddress(hostmask(length, version), version),
  prefix: ({ length }) => length,
  version: ({ version }) => version,
};

function ipaddr(text: string, query: Value): Value {
  const prefix = parse(text);
  if (isInt(query)) return nth(prefix, asCount(query, "the number of the address"));
  const name = textArgument(query, "what is asked of an address");
  const answer = Object.hasOwn(queries, name) ? queries[name] : undefined;
  const known = Object.keys(queries).filter((one) => one !== "");
  return answer ? answer(prefix) : fail(`ipaddr does not know ${JSON.stringify(name)}`, `It knows ${known.join(", ")} and a number.`);
}

function parse(text: string): IpPrefix {
  return parsePrefix(text) ?? fail(`${JSON.stringify(text.slice(0, 60))} is no IP address or prefix`);
}

function show({ address, length, version, withLength }: IpPrefix): string {
  return showAddress(address, version) + (withLength ? `/${String(length)}` : "");
}

function networkOf({ address, length, version }: IpPrefix): bigint {
  return address & netmask(length, version);
}

/** The n-th address of the network, from its end for n < 0, with the length of the prefix. */
function nth(prefix: IpPrefix, index: number): string {
  const size = 1n << BigInt(bitsOf(prefix.version) - prefix.length);
  const offset = index < 0 ? size + BigInt(index) : BigInt(index);
  if (offset < 0n || offset >= size) fail(`${show(prefix)} has no address number ${String(index)}`);
  return show({ ...prefix, address: networkOf(prefix) + offset });
}

/** The address that many further on, without a length. */
function ipmath(text: string, amount: number): string {
  const { address, version } = parse(text);
  const moved = address + BigInt(amount);
  if (moved < 0n || moved >= 1n << BigInt(bitsOf(version))) fail(`there is no address ${String(amount)} further on than ${text}`);
  return showAddress(moved, version);
}
