import { freezePoints, frozenInStep, frozenMoments, frozenWorker } from "./frozen-worker.ts";

// At every point and moment in the lab tests.
frozenWorker(freezePoints.slice(0, 1));
frozenInStep(frozenMoments.slice(0, 1));
