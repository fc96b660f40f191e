import { crashMatrix } from "../packages/server/test/journeys/crash-matrix.ts";
import { databaseOutage, outagePoints } from "../packages/server/test/journeys/database-outage.ts";
import { freezePoints, frozenInStep, frozenMoments, frozenWorker } from "../packages/server/test/journeys/frozen-worker.ts";

// What takes too long for the everyday tests, whole.
crashMatrix("all");
frozenWorker(freezePoints);
frozenInStep(frozenMoments);
databaseOutage(30_000, Object.entries(outagePoints));
