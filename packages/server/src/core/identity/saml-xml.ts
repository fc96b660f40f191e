/**
 * Documents of SAML as trees to read. What readers of XML are known to disagree about is refused before anything is parsed: comments, sections
 * of character data, declarations and processing instructions (a canonicaliser may sign them as text that the reader then leaves out), entities.
 */
import { parseDomFromString } from "@node-saml/node-saml/lib/xml.js";

/** Why a document does not count: for the audit trail and the log, never for whoever sent it. */
export class SamlRefusal extends Error {}

export function refuse(why: string): never {
  throw new SamlRefusal(why);
}

/** An element. `dom` is the parser's own, for the signature over it. */
export interface Xml {
  name: string;
  space: string;
  /** Attributes without a name space. */
  attributes: ReadonlyMap<string, string>;
  children: readonly Xml[];
  /** Of an element without children. */
  text: string;
  dom: unknown;
}

export const spaces = {
  protocol: "urn:oasis:names:tc:SAML:2.0:protocol",
  assertion: "urn:oasis:names:tc:SAML:2.0:assertion",
  metadata: "urn:oasis:names:tc:SAML:2.0:metadata",
  signature: "http://www.w3.org/2000/09/xmldsig#",
  encryption: "http://www.w3.org/2001/04/xmlenc#",
} as const;

export interface Limits {
  bytes: number;
  elements: number;
}

/** Of a message, which anybody may send and whose signature costs work to check: room for a thousand groups. */
const ofMessages: Limits = { bytes: 128 * 1024, elements: 2500 };
const mostAttributes = 48;
const deepest = 32;
const declaration = /^\uFEFF?\s*<\?xml version=["']1\.0["'](\s+encoding=["']utf-8["'])?(\s+standalone=["'](yes|no)["'])?\s*\?>/i;
const entity = /&(?!(amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-f]{1,6});)/i;

/** The text of a message that came as base64. @throws SamlRefusal */
export function textOfBase64(base64: string): Buffer {
  const compact = base64.replaceAll(/\s/g, "");
  if (compact === "" || compact.length > ofMessages.bytes * 1.4) refuse("no message, or one that is too long");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) refuse("no base64");
  return Buffer.from(compact, "base64");
}

/** UTF-8 and nothing else. @throws SamlRefusal */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refuse("no UTF-8");
  }
}

/** The root of a document. @throws SamlRefusal */
export async function readXml(text: string, { bytes, elements }: Limits = ofMessages): Promise<Xml> {
  if (Buffer.byteLength(text) > bytes) refuse("a document that is too long");
  const rest = text.replace(declaration, "");
  if (rest.includes("<!")) refuse("a comment, a section of character data or a document type");
  if (rest.includes("<?")) refuse("a processing instruction");
  if (entity.test(rest)) refuse("an entity");
  if (rest.split("<").length > 2 * elements) refuse("too many elements");
  const root = (await parsed(text)).documentElement;
  if (!root) refuse("no XML");
  return treeOf(root, 0, new Set());
}

interface DomNode {
  nodeType: number;
  localName: string;
  namespaceURI: string | null;
  nodeValue: string | null;
  nextSibling: DomNode | null;
  firstChild: DomNode | null;
  attributes: ArrayLike<{ localName: string; namespaceURI?: string | null; value: string }>;
  toString(): string;
}

async function parsed(text: string): Promise<{ documentElement: DomNode | null }> {
  try {
    return (await parseDomFromString(text)) as unknown as { documentElement: DomNode | null };
  } catch {
    return refuse("no well-formed XML");
  }
}

const elementNode = 1;
const textNode = 3;

function treeOf(dom: DomNode, depth: number, ids: Set<string>): Xml {
  if (depth > deepest) refuse("elements within elements without end");
  const attributes = new Map<string, string>();
  if (dom.attributes.length > mostAttributes) refuse("an element with too many attributes");
  for (const { localName, namespaceURI, value } of Array.from(dom.attributes)) {
    if (/^(xml:)?id$/i.test(localName)) {
      if (ids.has(value)) refuse("an id twice");
      ids.add(value);
    }
    if ((namespaceURI ?? "") !== "") continue;
    attributes.set(localName, value);
  }
  const children: Xml[] = [];
  let text = "";
  for (let at = dom.firstChild; at; at = at.nextSibling) {
    if (at.nodeType === elementNode) children.push(treeOf(at, depth + 1, ids));
    else if (at.nodeType === textNode) text += at.nodeValue ?? "";
    else refuse("something that is neither element nor text");
  }
  if (children.length > 0 && text.trim() !== "") refuse("text between elements");
  return { name: dom.localName, space: dom.namespaceURI ?? "", attributes, children, text, dom };
}

type Named = readonly [space: keyof typeof spaces, name: string];

export function isNamed({ name, space }: Xml, [wanted, local]: Named): boolean {
  return name === local && space === spaces[wanted];
}

export function childrenOf(xml: Xml, ...named: Named): Xml[] {
  return xml.children.filter((child) => isNamed(child, named));
}

/** The child, of which there may be one at most. @throws SamlRefusal */
export function childOf(xml: Xml, ...named: Named): Xml | undefined {
  const [found, another] = childrenOf(xml, ...named);
  if (another) refuse(`two of ${named[1]}`);
  return found;
}

/** @throws SamlRefusal when there is none, or two */
export function mustChild(xml: Xml, ...named: Named): Xml {
  return childOf(xml, ...named) ?? refuse(`no ${named[1]}`);
}

/** How many elements of this name there are, at any depth. */
export function countOf(xml: Xml, ...named: Named): number {
  return xml.children.reduce((sum, child) => sum + countOf(child, ...named), isNamed(xml, named) ? 1 : 0);
}

/** The text of an element that holds nothing else. @throws SamlRefusal */
export function leafText(xml: Xml): string {
  if (xml.children.length > 0) refuse(`elements within ${xml.name}`);
  return xml.text.trim();
}

/** As text in XML, also within quotes. */
export function escapeXml(text: string): string {
  const marks: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };
  return text.replaceAll(/[&<>"']/g, (mark) => marks[mark] ?? mark);
}
