import { freezePoints, frozenWorker } from "./frozen-worker.ts";

// At every point in the lab tests.
frozenWorker(freezePoints.slice(0, 1));
