/** Comma-separated values of a table (RFC 4180). Pure. */

/** Rows as CSV with CRLF. A cell that a spreadsheet would run as a formula gets a leading apostrophe. */
export function csvOf(header: string[], rows: (string | number)[][]): string {
  return [header, ...rows].map((cells) => cells.map((value) => cell(value)).join(",")).join("\r\n") + "\r\n";
}

function cell(value: string | number): string {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Hands a text to the browser as a file. */
export function download(name: string, text: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
