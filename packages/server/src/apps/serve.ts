/** `npm start`: one Holdfast process with the roles that its settings name. Ends cleanly on SIGTERM and SIGINT. */
import { isProblem, problemEdges, sayError } from "@holdfast/kit";
import { createLog } from "#platform/log";
import { settingsExitCode, settingsFromEnvironment, type Settings } from "#platform/settings";
import { compose } from "./compose.ts";

async function serve(settings: Settings): Promise<void> {
  const log = createLog({ level: settings.logLevel });
  const holdfast = await compose({ settings, log });
  const stop = (signal: string): void => {
    log.info({ signal }, "stopping");
    void holdfast.stop().then(
      () => process.exit(0),
      (err: unknown) => {
        log.error({ err }, "could not stop cleanly");
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const address = await holdfast.start();
  log.info({ address }, "Holdfast answers");
  const token = await holdfast.identity.setupToken();
  if (token !== undefined && address !== undefined)
    console.log(`Make the first administrator: ${settings.publicUrl ?? address}/setup#token=${token}`);
}

try {
  await serve(settingsFromEnvironment());
} catch (thrown) {
  console.error(sayError(thrown));
  if (isProblem(thrown)) for (const { at, say } of thrown.places) console.error(`  ${at}: ${say}`);
  process.exit(
    isProblem(thrown) && thrown.code === "settings_invalid" ? settingsExitCode : isProblem(thrown) ? problemEdges[thrown.kind].exit : 1,
  );
}
