/** `npm run dev`: one process with every role on HOLDFAST_HOME, the console built from the sources as they are. */
import { isProblem, problemEdges, sayError } from "@holdfast/kit";
import { createLog } from "#platform/log";
import { roles, settingsExitCode, settingsFromEnvironment } from "#platform/settings";
import { compose } from "./compose.ts";
import { buildConsole } from "./dev/build-console.ts";

async function dev(): Promise<void> {
  const settings = { ...settingsFromEnvironment(), roles: new Set(roles) };
  if (await buildConsole()) console.error("The console is built.");
  const log = createLog({ level: settings.logLevel, to: { write: (line) => void process.stderr.write(line) } });
  // Who starts this is at home on this machine, so repositories may be folders of it.
  const holdfast = await compose({ settings, log, localRepositories: true });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      void holdfast.stop().then(
        () => process.exit(0),
        (thrown: unknown) => {
          console.error(`Could not stop cleanly: ${sayError(thrown)}`);
          process.exit(1);
        },
      );
    });
  }
  const address = await holdfast.start();
  const at = settings.publicUrl ?? address ?? "";
  console.log(`Holdfast answers at ${at}; the API is at ${at}/api/v1/docs, everything it keeps in ${settings.home}.`);
  const token = await holdfast.identity.setupToken();
  console.log(
    token === undefined ? "Sign in with: npm run admin -- sign-in-link <user>" : `Make the first administrator: ${at}/setup#token=${token}`,
  );
}

try {
  await dev();
} catch (thrown) {
  console.error(sayError(thrown));
  if (isProblem(thrown)) for (const { at, say } of thrown.places) console.error(`  ${at}: ${say}`);
  process.exit(
    isProblem(thrown) && thrown.code === "settings_invalid" ? settingsExitCode : isProblem(thrown) ? problemEdges[thrown.kind].exit : 1,
  );
}
