/** Names and addresses of the databases of a test run. */
export const templateDatabase = "holdfast_template";

/** The same server, another database. */
export function databaseUrl(clusterUrl: string, database: string): string {
  const url = new URL(clusterUrl);
  url.pathname = `/${database}`;
  return url.toString();
}
