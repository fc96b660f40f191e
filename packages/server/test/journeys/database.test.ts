import { databaseOutage, outagePoints } from "./database-outage.ts";

// 30 s, and at every point, in the lab tests.
databaseOutage(8000, Object.entries(outagePoints).slice(0, 1));
